"""The results of `simulate` as the table in docs/decision.md."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from xray_assets.promotion.rules import RULES, VERSION_2
from xray_assets.statistics.intervals import wilson

DOCUMENT = Path(__file__).parents[2] / "docs" / "decision.md"
START, END = "<!-- simulated: start -->", "<!-- simulated: end -->"
HEAD = (
    "| scenario | rho | PROMOTE [95 %] | ROLLBACK [95 %] | mean reads at PROMOTE | mean reads "
    "| classical PROMOTE / ROLLBACK | right would be |\n|---|---|---|---|---|---|---|---|"
)
TURN_HEAD = (
    "| 0.90 for | then | rho | runs | reads to PROMOTE withdrawn: mean, 90 % | by version 1: mean, "
    "90 % | median reads to the recent-evidence alarm, a red guard in the ramp "
    "| median reads to the verdict ROLLBACK |\n|---|---|---|---|---|---|---|---|"
)
STEADY_HEAD = (
    "| stays at | rho | runs x reads | PROMOTE held back by `advantage_lost` alone, at some look "
    "| recent-evidence alarm | ROLLBACK |\n|---|---|---|---|---|---|"
)


def write_table(results: dict[str, Any]) -> None:
    """The table of `simulate`. Raises ValueError when a marker is missing."""
    put(_table(results), START, END)


def put(table: str, start: str, end: str) -> None:
    """Replace what stands between two lines of the document. Raises ValueError without them."""
    text = DOCUMENT.read_text()
    if start not in text or end not in text:
        raise ValueError(f"{DOCUMENT} needs the lines {start} and {end}")
    before, rest = text.split(start, 1)
    _, after = rest.split(end, 1)
    DOCUMENT.write_text(f"{before}{start}\n{table}\n{end}{after}")


def _table(results: dict[str, Any]) -> str:
    rows = list(results["scenarios"].values())
    sizes = sorted({(row["runs"], row["cases"]) for row in rows})
    size = ", ".join(f"{runs} runs of up to {cases} cases" for runs, cases in sizes)
    lines = [f"{size} a scenario, a look after every read.\n", HEAD]
    for row in rows:
        n = row["runs"]
        lines.append(
            f"| {row['name']} | {row['common']:g} | {share(row['promoted'], n)} "
            f"| {share(row['rolled_back'], n)} | {_reads(row['mean_reads_at_promote'])} "
            f"| {_reads(row['mean_reads'])} | {row['classical_promoted'] / n:.2f} / "
            f"{row['classical_rolled_back'] / n:.2f} | {row['expects']} |"
        )
    versions = {row["rule_sha256"] for row in rows}
    if versions != {VERSION_2.sha256}:
        named = ", ".join(RULES[version].version for version in versions)
        lines += ["", f"Simulated with version {named} of the rule; `advantage_lost` is below."]
    lines += ["", TURN_HEAD]
    for turn in results["turns"]:
        lines.append(
            f"| {turn['before']} | {turn['accuracy_after']:g} | {turn['common']:g} "
            f"| {turn['runs']} "
            f"| {_reads(turn['withdrawn_mean'])}, {_reads(turn['withdrawn_90'])} "
            f"| {_reads(turn['version_1_mean'])}, {_reads(turn['version_1_90'])} "
            f"| {_reads(turn['alarm_median'])} | {_reads(turn['rollback_median'])} |"
        )
    lines += ["", STEADY_HEAD]
    for steady in results["steady"]:
        lines.append(
            f"| {steady['accuracy']:g} | {steady['common']:g} "
            f"| {steady['runs']} x {steady['reads']} | {steady['doubted']:.2f} "
            f"| {steady['alarm']:.2f} | {steady['rolled_back']:.2f} |"
        )
    return "\n".join(lines)


def share(hits: int, n: int) -> str:
    """hits / n with Wilson's 95 % interval."""
    bounds = wilson(hits, n)
    return f"{hits / n:.3f} [{float(bounds.low):.3f}, {float(bounds.high):.3f}]"


def _reads(reads: float | None) -> str:
    if reads is None:
        return ""
    return "not seen" if reads == float("inf") else f"{reads:.0f}"
