"""The families of classifiers: one interface (`network`), a file each, named in `catalog.FAMILIES`.

The framework is imported by `build`, so that a training loads only its own.
"""

from importlib import import_module

from xray_assets.catalog import FAMILIES
from xray_assets.training.families.network import Network
from xray_assets.training.quiet import silent_native_code


def build(family: str, *, seed: int, threads: int) -> Network:
    """A fresh network; equal arguments give equal weights and equal training."""
    module, _, network = FAMILIES[family].network.partition(":")
    with silent_native_code():
        room = import_module(f"{__name__}.{module}")
        made: Network = getattr(room, network)(seed=seed, threads=threads)
    return made
