"""A small residual network in PyTorch: for the search."""

import torch
from torch import nn
from torch.nn import functional
from typing_extensions import override

from xray_assets.training.families.torch_classifier import PneumoniaNet, Shape, TorchNetwork


class Block(nn.Module):
    """x + two convolutions of it. The second starts at zero, so that a deep network starts as a
    shallow one and needs no normalization (Zhang et al. 2019, Fixup).
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(channels, channels, 3, padding=1)
        self.second = nn.Conv2d(channels, channels, 3, padding=1)
        nn.init.zeros_(self.second.weight)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Maps of the same shape."""
        return functional.relu(x + self.second(functional.relu(self.first(x))))


class ResidualNet(PneumoniaNet):
    """Two residual blocks, of 16 x 16 and of 8 x 8 maps."""

    @override
    def build(self, shape: Shape) -> int:
        one, two = shape.channels(24), shape.channels(48)
        self.stem = nn.Conv2d(1, one, 6, stride=2, padding=2)
        self.large, self.wider = Block(one), nn.Conv2d(one, two, 3, padding=1)
        self.small = Block(two)
        return two

    @override
    def maps(self, x: torch.Tensor) -> torch.Tensor:
        x = self.large(functional.relu(functional.max_pool2d(self.stem(x), 2)))
        x = self.small(functional.relu(functional.max_pool2d(self.wider(x), 2)))
        return functional.max_pool2d(x, 2)


class ResidualNetwork(TorchNetwork):
    """The family's `Network`."""

    net = ResidualNet
