"""What is told of a simulation in a terminal: a line a day, and a table at its end."""

from rich.table import Table

from xray_assets.simulation.outcome import Answers, Line, Outcome, answers_of
from xray_assets.terminal import shown_table


def told(line: Line) -> str:
    """A day in a line; what the house did by itself below it."""
    level = line.level or "not judged"
    where = f" at {_sites(line.sites)}" if line.sites else ""
    harm = f", harm at {_sites(line.harm_sites)}" if line.harm_sites else ""
    why = f" ({', '.join(line.reasons)})" if line.reasons else ""
    done = "".join(f"\n        {one}" for one in line.done)
    return (
        f"{line.number:3d} {line.day} {line.films:4d} films {line.injected:4d} changed "
        f"{line.drawn:3d} drawn {line.reads:3d} reads  {level} {line.kind}{where}{harm}{why}{done}"
    )


def figures(outcome: Outcome) -> Table:
    """What came of it."""
    found = outcome.document()
    table = shown_table("", outcome.scenario.name)
    rows = {
        "changed on day": outcome.change_day,
        "expected, reached": f"{found['expected']}, {found['reached']}",
        "days to the first alarm": found["days_to_alarm"],
        "days to proven harm": found["days_to_harm"],
        "days with an alarm before it": found["alarms_before"],
        "days at each level": ", ".join(f"{name} {n}" for name, n in found["levels"].items()),
        "films, drawn for review, reads": f"{found['films']}, {found['drawn']}, {found['reads']}",
        "sensitivity, specificity before": both(answers_of(outcome.before)),
        "and since": both(answers_of(outcome.since)),
        "seconds": found["seconds"],
    }
    for name, value in rows.items():
        table.add_row(name, "never" if value is None else str(value))
    return table


def both(answers: Answers) -> str:
    """Sensitivity and specificity."""
    shares = (answers.sensitivity, answers.specificity)
    return ", ".join("-" if share is None else f"{share:.3f}" for share in shares)


def _sites(names: tuple[str, ...]) -> str:
    return ", ".join(name or "all" for name in names)
