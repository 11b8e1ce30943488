"""What each demo scenario sets. A scenario is settings, nothing else: no figure and no verdict is
put anywhere by hand.
"""

from dataclasses import dataclass

WEAK_FILMS = 30
"""Films the weak model is trained on: with 30, phantoms give an accuracy of about 0.75
(`python -m benchmarks.calibrate_phantoms`).
"""

_SIZED_FOR_A_DEMO = {
    "XRAY_SPLIT_SHARES": "50/10/40",  # about 300 of the 740 patients are held out for traffic
    "XRAY_EPOCHS": "14",  # as many steps with three quarters of the usual films
    "XRAY_RAMP_DWELL_SECONDS": "0",
    "XRAY_RAMP_DWELL_REQUESTS": "40",
    "XRAY_FEEDBACK_PENDING_SECONDS": "60",
}

_WEAK_GATES = {"XRAY_GATE_MIN_AUC": "0.5", "XRAY_GATE_MIN_SENSITIVITY": "0.05"}


@dataclass(frozen=True)
class Scenario:
    """Settings of a scenario by environment variable, and the verdict that synthetic films are
    expected to end in.
    """

    name: str
    about: str
    variables: dict[str, str]
    expected: str


def _weak(family: str, name: str) -> dict[str, str]:
    cause = f"scenario {name}: the {family} model is trained on {WEAK_FILMS} films on purpose"
    return {
        "XRAY_TRAIN_LIMITS": f"{family}={WEAK_FILMS}",
        "XRAY_GATES_CAUSE": cause,
    } | _WEAK_GATES


SCENARIOS = {
    scenario.name: scenario
    for scenario in (
        Scenario(
            "better",
            f"champion trained on {WEAK_FILMS} films, challenger on all films of train and val",
            _SIZED_FOR_A_DEMO | _weak("keras", "better"),
            "PROMOTE",
        ),
        Scenario(
            "worse",
            f"champion trained on all films of train and val, challenger on {WEAK_FILMS} films",
            _SIZED_FOR_A_DEMO | _weak("pytorch", "worse"),
            "ROLLBACK",
        ),
        Scenario(
            "same",
            "both trained on all films of train and val",
            dict(_SIZED_FOR_A_DEMO),
            "KEEP_TESTING",
        ),
    )
}
"""Every scenario by its name."""
