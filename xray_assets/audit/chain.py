"""A record as a hash chain: every row holds the SHA-256 of the one before it. Pure.

A row that is edited, dropped or moved breaks the chain. A tail that is written anew, with hashes
that fit, does not: for that the head of the chain is written down in other places too, and
`contradictions` compares them with the rows.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, ClassVar, Protocol, Self

from xray_assets.catalog import Key
from xray_assets.errors import XrayError

POSITION, PREVIOUS_HASH, ROW_HASH = "chain_position", "previous_hash", "row_hash"


class BrokenRecord(XrayError):
    """A record was edited, or cannot be shown not to have been."""


@dataclass(frozen=True)
class Head:
    """The end of a chain: its length and the hash of its last row."""

    START: ClassVar["Head"]

    position: int
    row_hash: str

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Self:
        """The head of the chain that ends with this row."""
        return cls(row[POSITION], row[ROW_HASH])

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read back what `str` wrote. Raises ValueError for anything else."""
        position, _, row_hash = text.partition(":")
        if not position.isdecimal() or len(row_hash) != 64:
            raise ValueError(f"{text!r} is no head of a chain (<position>:<64 hex digits>)")
        return cls(int(position), row_hash)

    def __str__(self) -> str:
        """`<position>:<64 hex digits>`, as witnesses keep it."""
        return f"{self.position}:{self.row_hash}"


Head.START = Head(0, "0" * 64)


@dataclass(frozen=True)
class Witness:
    """A head that was written down outside the table, and where."""

    source: str
    head: Head


class HeadStore(Protocol):
    """A place outside the table where the head is written down."""

    def write(self, head: Head) -> None:
        """Write the head down; the same head again changes nothing."""
        ...

    def seen(self) -> Sequence[Witness]:
        """What was written down last; nothing before the first decision."""
        ...


def hash_of(row: Mapping[str, Any]) -> str:
    """SHA-256 of every filled column of a row except its own hash, as canonical JSON: a column that
    a later release adds leaves the hashes of earlier rows as they are.
    """
    content = {name: value for name, value in row.items() if name != ROW_HASH and value is not None}
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), default=_timestamp)
    return hashlib.sha256(text.encode()).hexdigest()


def sealed(row: Mapping[str, Any], after: Head) -> dict[str, Any]:
    """The row as the next link of the chain that ends at `after`. Its values must be those that the
    table will give back.
    """
    link = {**row, POSITION: after.position + 1, PREVIOUS_HASH: after.row_hash}
    return link | {ROW_HASH: hash_of(link)}


def end_of(rows: Sequence[Mapping[str, Any]], witnesses: Iterable[Witness]) -> Head:
    """Where the chain of `rows` (in the order of their positions) can be continued.

    Raises BrokenRecord when its last row does not fit its hash, or a witness saw another chain: a
    chain that goes on would hide that.
    """
    broken = [sentence for row in rows[-1:] for sentence in edited(row)]
    by_position = {row[POSITION]: row[ROW_HASH] for row in rows}
    broken += [lie for witness in witnesses if (lie := _contradiction(by_position, witness))]
    if broken:
        raise BrokenRecord(
            f"the record cannot be continued: {'; '.join(broken)}. "
            "`xray audit verify` shows everything that does not fit"
        )
    return Head.of(rows[-1]) if rows else Head.START


def broken_links(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """What breaks the chain of `rows`, in the order of their positions, one sentence each."""
    found, end = [], Head.START
    for row in rows:
        if row[POSITION] != end.position + 1:
            found.append(f"{_name(row)} follows row {end.position}: rows were removed or added")
        elif row[PREVIOUS_HASH] != end.row_hash:
            found.append(f"{_name(row)} does not name the row before it: that one was replaced")
        found += edited(row)
        end = Head.of(row)
    return found


def edited(row: Mapping[str, Any]) -> list[str]:
    """A sentence when the row's content does not fit its own hash; else nothing."""
    if row[ROW_HASH] == hash_of(row):
        return []
    return [f"{_name(row)} does not fit its own hash: its content was edited"]


def contradictions(
    rows: Sequence[Mapping[str, Any]], witnesses: Iterable[Witness], key: Key
) -> list[str]:
    """Witnesses whose head is not in the chain, and rows that no witness covers, a sentence
    each. `rows` of the table `key` in the order of their positions.
    """
    by_position = {row[POSITION]: row[ROW_HASH] for row in rows}
    found, covered = [], 0
    for witness in witnesses:
        if lie := _contradiction(by_position, witness):
            found.append(lie)
        else:
            covered = max(covered, witness.head.position)
    if (length := len(rows)) > covered and not found:
        found.append(
            f"no witness saw rows {covered + 1} to {length}: the run that wrote them did not end, "
            "or another hand wrote them. Compare their run_id with Dagster's runs; the next run of "
            f"{'/'.join(key)} becomes their witness"
        )
    return found


def _contradiction(by_position: Mapping[int, str], witness: Witness) -> str | None:
    position, row_hash = witness.head.position, witness.head.row_hash
    if by_position.get(position) == row_hash:
        return None
    if position in by_position:
        return f"{witness.source} saw another row {position}: the record was rewritten"
    return f"{witness.source} saw row {position}, which is gone"


def _name(row: Mapping[str, Any]) -> str:
    what = row.get("decision_id") or row.get("event")
    return f"row {row[POSITION]} ({what})"


def _timestamp(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat(timespec="microseconds")
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"{value!r} cannot be part of a hashed row")
