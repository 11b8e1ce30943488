"""The families of classifiers: one interface (`network`), a file each, named in `build`.

The framework is imported by `build`, so that a training loads only its own.
"""

from xray_assets.training.families.network import Network


def build(family: str, *, seed: int, threads: int) -> Network:
    """A fresh network; equal arguments give equal weights and equal training."""
    if family == "keras":
        from xray_assets.training.families.keras_classifier import KerasNetwork

        return KerasNetwork(seed=seed, threads=threads)
    if family == "pytorch":
        from xray_assets.training.families.torch_classifier import TorchNetwork

        return TorchNetwork(seed=seed, threads=threads)
    raise ValueError(f"family {family!r} has no network")
