"""Test films that count how often they were looked at."""

from collections.abc import Callable

from xray_assets.training.films import Films, FilmSplits


class SealedSplits:
    """The films of a manifest: those to learn from lie open, the test films are given by `open`."""

    def __init__(self, splits: FilmSplits) -> None:
        self.learned: Films = splits.learned
        self.manifest_sha256 = splits.manifest_sha256
        self.touches = 0
        self._given: Callable[[], FilmSplits] = lambda: splits

    def open(self) -> FilmSplits:
        """All films; each call counts as a look at the test films."""
        self.touches += 1
        return self._given()
