"""The results of `simulate` as tables in docs/decision.md."""

from __future__ import annotations

from typing import Any

from benchmarks.promotion.table import put, share

START, END = "<!-- simulated queue: start -->", "<!-- simulated queue: end -->"
HEAD = (
    "| scenario | rho | agreements read | PROMOTE [95 %] | ROLLBACK [95 %] | reads to PROMOTE "
    "| all reads, with doubles | cases scored | asked for |\n|---|---|---|---|---|---|---|---|---|"
)
TROUBLE_HEAD = (
    "| rule | without it | models | wrong | with the rule [95 %] | without [95 %] |\n"
    "|---|---|---|---|---|---|"
)
ABSOLUTE_HEAD = (
    "| agreements read | figure (0.80 and 0.85 are true) | corrected: mean "
    "| half of the 95 % interval | runs in which it holds the truth | naive: mean | holds |\n"
    "|---|---|---|---|---|---|---|"
)


def write_tables(results: dict[str, list[dict[str, Any]]]) -> None:
    """Replace what stands between the markers. Raises ValueError when a marker is missing."""
    rows = results["rows"]
    sizes = sorted({(row["runs"], row["cases"]) for row in rows})
    size = ", ".join(f"{runs} runs of up to {cases} scored cases" for runs, cases in sizes)
    put(
        "\n".join(
            [
                f"{size}, a look whenever another case counts.\n",
                HEAD,
                *map(_row, rows),
                "",
                TROUBLE_HEAD,
                *map(_trouble, results["troubles"]),
                "",
                ABSOLUTE_HEAD,
                *(line for one in results["absolute"] for line in _absolute(one)),
            ]
        ),
        START,
        END,
    )


def _row(row: dict[str, Any]) -> str:
    n, wanted = row["runs"], row["wanted"]
    limits = [
        f"{name} <= {wanted[key]:g}"
        for key, name in (("promote", "PROMOTE"), ("rollback", "ROLLBACK"), ("reads", "reads"))
        if wanted[key] is not None
    ]
    reads = (row[name] for name in ("reads", "all_reads", "cases_scored"))
    floor = "follows" if "follow" in row["name"] else f"{row['floor']:g}"
    return (
        f"| {row['name']} | {row['common']:g} | {floor} | {share(row['promoted'], n)} "
        f"| {share(row['rolled_back'], n)} | "
        + " | ".join("" if value is None else f"{value:.0f}" for value in reads)
        + f" | {', '.join(limits)} |"
    )


def _trouble(one: dict[str, Any]) -> str:
    n = one["runs"]
    return (
        f"| {one['rule']} | {one['without_it']} | {one['name']}, rho {one['common']:g} "
        f"| {one['wrong']} | {share(one['with'], n)} | {share(one['without'], n)} |"
    )


def _absolute(one: dict[str, Any]) -> list[str]:
    n = one["runs"]
    lines: list[str] = []
    for name in one["mean"]:
        model, kind, figure = name.split()
        if kind == "corrected":
            naive = f"{model} naive {figure}"
            lines.append(
                f"| {one['floor']:g} | {model} {figure} | {one['mean'][name]:.3f} "
                f"| {one['half_width'][name]:.3f} | {share(one['held'][name], n)} "
                f"| {one['mean'][naive]:.3f} | {share(one['held'][naive], n)} |"
            )
    return lines
