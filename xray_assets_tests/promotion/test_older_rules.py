"""An experiment that an older rule froze is judged as the release that froze it did."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from xray_assets.promotion import PairedCounts, decide
from xray_assets.promotion.rules import VERSION_1, VERSION_2, rule_of

# Written by `decide` of release 0.2.0, before version 3 of the rule was.
JUDGED = json.loads(Path(__file__).with_name("judged_by_older_rules.json").read_text())


@pytest.mark.parametrize("frozen", [VERSION_1, VERSION_2], ids=["version 1", "version 2"])
@pytest.mark.parametrize("stored", JUDGED)
def test_verdict_reasons_and_figures_are_those_of_the_release(stored, frozen) -> None:
    judged = stored["judged"][frozen.sha256]
    counts = PairedCounts.from_json(json.dumps(stored["counts"]))
    decision = decide(counts, rule_of(frozen.sha256))
    numbers = {name: value for name, value in judged.items() if isinstance(value, float)}
    assert {name: getattr(decision, name) for name in numbers} == pytest.approx(numbers, rel=1e-8)
    assert str(decision.verdict) == judged["verdict"]
    assert list(decision.reason_codes) == judged["reason_codes"]
    assert decision.expected_further_reads == judged["expected_further_reads"]
