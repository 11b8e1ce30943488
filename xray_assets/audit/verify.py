"""Compares the decision record with itself, with its witnesses, and with what was done on it."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import dagster as dg

from xray_assets.audit.acts import unfounded_acts
from xray_assets.audit.chain import (
    POSITION,
    Head,
    HeadStore,
    Witness,
    broken_links,
    contradictions,
)
from xray_assets.audit.coverage import (
    CHAIN_HEAD,
    config_heads,
    draw_heads,
    erased,
    experiments_head,
    read_heads,
)
from xray_assets.audit.draws import wrong_draws
from xray_assets.catalog import (
    ENDPOINT_CONFIG,
    EXPERIMENTS,
    MONITORING_RECORD,
    PROMOTION_DECISION,
    Key,
)
from xray_assets.lake.tables import Tables

EVENTS_AT_ONCE = 1_000


@dataclass(frozen=True)
class Audit:
    """Rows of the record, its head, how many witnesses of it were asked, what was checked beside it
    (a sentence each, with what was not), and what does not fit.
    """

    rows: int
    head: Head
    witnesses: int
    checked: tuple[str, ...]
    findings: tuple[str, ...]


def verify(
    tables: Tables,
    instance: dg.DagsterInstance,
    witness: HeadStore,
    *,
    review_key: bytes | None,
) -> Audit:
    """Audit the record: its links, its witnesses in Dagster and MLflow, the configs that were
    served on its decisions, and the state, configs, draws and reads that decisions and events hold
    heads of. With the key of the draws, each is made again, and every accepted read is read; None
    leaves both out.
    """
    rows = tables.read(PROMOTION_DECISION).sort(POSITION).collect().to_dicts()
    witnesses = [*dagster_witnesses(instance, PROMOTION_DECISION), *witness.seen()]
    configs = tables.read(ENDPOINT_CONFIG).select("config_version", "experiment_id", "decision_id")
    findings = [
        *broken_links(rows),
        *contradictions(rows, witnesses, PROMOTION_DECISION),
        *unfounded_acts(configs.collect().to_dicts(), rows),
    ]
    beside = [
        _configs(
            tables, [*_held(rows, "configs_head"), *dagster_witnesses(instance, ENDPOINT_CONFIG)]
        ),
        _state(
            tables, [*_held(rows, "experiments_head"), *dagster_witnesses(instance, EXPERIMENTS)]
        ),
        monitoring_record(tables, instance),
    ]
    if review_key is None:
        beside.append((_LEFT_OUT, []))
    else:
        beside += [
            _chain("reads", tables, read_heads, _held(rows, "reads_head")),
            _chain("draws", tables, draw_heads, _held(rows, "draws_head")),
            wrong_draws(tables, review_key),
        ]
    findings += [finding for _, found in beside for finding in found]
    head = Head.of(rows[-1]) if rows else Head.START
    checked = tuple(sentence for sentence, _ in beside)
    return Audit(len(rows), head, len(witnesses), checked, tuple(findings))


Checked = tuple[str, list[str]]
"""What was checked, and what did not fit."""

_LEFT_OUT = "reads and draws were not checked here: `xray audit verify` does"


def monitoring_record(tables: Tables, instance: dg.DagsterInstance) -> Checked:
    """The chain of gold.monitoring_record, against itself and against Dagster's events."""
    rows = tables.read(MONITORING_RECORD).sort(POSITION).collect().to_dicts()
    witnesses = [*dagster_witnesses(instance, MONITORING_RECORD)]
    found = [*broken_links(rows), *contradictions(rows, witnesses, MONITORING_RECORD)]
    return (
        f"gold.monitoring_record: {len(rows)} rows, {len(witnesses)} witnesses",
        [f"gold.monitoring_record: {sentence}" for sentence in found],
    )


def _configs(tables: Tables, witnesses: Sequence[Witness]) -> Checked:
    """Every witnessed head of gold.endpoint_config against the heads of its rows as they are."""
    heads = config_heads(tables)
    last = max(heads, default=0)
    return _compared("endpoint configs", last, heads, witnesses)


def _chain(
    what: str,
    tables: Tables,
    heads_of: Callable[[Tables], Iterator[Head]],
    witnesses: Sequence[Witness],
) -> Checked:
    """Every witnessed head of the reads or draws against the heads of the rows as they are."""
    asked = {witness.head.position for witness in witnesses}
    heads, last = {0: Head.START}, 0
    for head in heads_of(tables):
        last = head.position
        if last in asked:
            heads[last] = head
    checked, found = _compared(what, last, heads, witnesses)
    if gone := erased(tables, what):
        checked += f"; erased, and counted with the hash in gold.erasures: {len(gone)}"
    return checked, found


def _compared(
    what: str, last: int, heads: Mapping[int, Head], witnesses: Sequence[Witness]
) -> Checked:
    held = sorted(
        (one for one in witnesses if one.head.position), key=lambda one: one.head.position
    )
    fits = [one for one in held if heads.get(one.head.position) == one.head]
    covered = fits[-1].head.position if fits else 0
    found = []
    if first := next((one for one in held if one not in fits), None):
        found.append(
            f"{what} {covered + 1} to {first.head.position} are not those that {first.source} saw: "
            "one was edited, removed or added"
        )
    rest = f"; {covered + 1} to {last}: nobody holds a hash of them yet" if last > covered else ""
    return f"{what} 1 to {covered}: {len(fits)} hashes held elsewhere{rest}", found


def _state(tables: Tables, witnesses: Sequence[Witness]) -> Checked:
    """gold.experiments against what was seen of its present generation."""
    head = experiments_head(tables)
    same = [one for one in witnesses if one.head.position == head.position]
    wrong = [one for one in same if one.head != head]
    later = [one for one in witnesses if one.head.position > head.position]
    found = [
        f"gold.experiments was edited: generation {head.position} is not what {one.source} saw"
        for one in wrong[:1]
    ] + [
        f"{one.source} saw gold.experiments at generation {one.head.position}, it is at "
        f"{head.position}: it was set back"
        for one in later[:1]
    ]
    seen = f"{len(same)} hashes held elsewhere" if same else "nobody holds a hash of it yet"
    return f"gold.experiments at generation {head.position}: {seen}", found


def _held(rows: Iterable[Mapping[str, Any]], column: str) -> list[Witness]:
    """The heads that the decisions hold in their own hashes; none in a row of 0.1.0."""
    return [
        Witness(f"decision {row['decision_id']}", Head.parse(row[column]))
        for row in rows
        if row[column]
    ]


def dagster_witnesses(instance: dg.DagsterInstance, key: Key) -> Iterator[Witness]:
    """The heads of a table that Dagster's event log holds, newest first."""
    asset, cursor = dg.AssetKey(key), None
    while True:
        found = instance.fetch_materializations(asset, limit=EVENTS_AT_ONCE, cursor=cursor)
        for record in found.records:
            event = record.asset_materialization
            head = event.metadata.get(CHAIN_HEAD) if event else None
            if head is not None:
                source = f"Dagster's run {record.run_id}" if record.run_id else "Dagster's event"
                yield Witness(source, Head.parse(str(head.value)))
        if not found.has_more:
            return
        cursor = found.cursor
