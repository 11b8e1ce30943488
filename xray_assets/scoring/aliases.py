"""Which aliases must move so that the registry says what was decided. Pure; no MLflow."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

ModelVersion = tuple[str, int]


@dataclass(frozen=True)
class AliasHeld:
    """An alias that a registered model holds."""

    model_name: str
    alias: str
    version: int


@dataclass(frozen=True)
class AliasChanges:
    """What to do, in this order: new ones are set before stale ones go, so none is ever missing."""

    to_set: tuple[AliasHeld, ...]
    to_delete: tuple[AliasHeld, ...]

    def in_words(self) -> list[str]:
        """One sentence a change."""
        set_ = [f"{held.alias} -> {held.model_name} {held.version}" for held in self.to_set]
        return set_ + [f"{held.alias} removed from {held.model_name}" for held in self.to_delete]


def alias_changes(
    held: Iterable[AliasHeld], desired: Mapping[str, ModelVersion | None]
) -> AliasChanges:
    """Changes that make each alias in `desired` name exactly that version (None: no version).

    Aliases that are right already are not touched; others than those in `desired` never.
    """
    now = set(held)
    wanted = {
        AliasHeld(target[0], alias, target[1])
        for alias, target in desired.items()
        if target is not None
    }
    places = {(want.model_name, want.alias) for want in wanted}
    stale = {
        have
        for have in now - wanted
        if have.alias in desired and (have.model_name, have.alias) not in places
    }
    return AliasChanges(_ordered(wanted - now), _ordered(stale))


def _ordered(changes: Iterable[AliasHeld]) -> tuple[AliasHeld, ...]:
    return tuple(sorted(changes, key=lambda held: (held.alias, held.model_name)))
