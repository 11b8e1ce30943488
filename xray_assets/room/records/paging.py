"""Long lists, a page at a time. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")

PAGE_SIZE = 25


@dataclass(frozen=True)
class Page(Generic[T]):
    """One page of a list; `number` counts from 1, `total` are the items of all pages."""

    items: Sequence[T]
    number: int
    last: int
    total: int

    @property
    def before(self) -> int | None:
        """The page before it."""
        return self.number - 1 if self.number > 1 else None

    @property
    def after(self) -> int | None:
        """The page after it."""
        return self.number + 1 if self.number < self.last else None


def paged(items: Sequence[T], number: int, *, size: int = PAGE_SIZE) -> Page[T]:
    """The page of this number; the nearest one where there is none."""
    last = max(1, -(-len(items) // size))
    number = min(max(number, 1), last)
    return Page(items[(number - 1) * size : number * size], number, last, len(items))
