"""A child process reads exactly the settings its parent was given."""

from pathlib import Path
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xray_assets.catalog import FAMILIES
from xray_assets.settings import Settings
from xray_assets.stack.environment import process_environment, settings_environment

RAMPS = st.lists(st.integers(1, 99), unique=True, max_size=4).map(lambda r: (*sorted(r), 100))
SHARES = st.tuples(st.integers(1, 90), st.integers(1, 9)).map(lambda s: (*s, 100 - sum(s)))
TEXT = st.text(st.characters(codec="ascii", exclude_categories=["C"]), max_size=20)


@given(
    settings=st.builds(
        Settings,
        ramp=RAMPS,
        split_shares=SHARES,
        image_limit=st.integers(2, 9999) | st.just("all"),
        gate_max_parity=st.floats(1e-9, 1),
        train_limits=st.dictionaries(st.sampled_from(sorted(FAMILIES)), st.integers(2, 9999)),
        promotion=st.sampled_from(["auto", "recommend"]),
        environment=st.sampled_from(["dev", "pilot", "prod", "simulation"]),
        gates_cause=TEXT,
        token=TEXT,
    )
)
def test_settings_come_back_from_the_environment_they_are_written_to(settings: Settings) -> None:
    with patch.dict("os.environ", settings_environment(settings), clear=True):
        assert Settings() == settings


def test_a_child_inherits_no_setting_that_its_parent_was_not_given(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XRAY_SEED", "7")
    monkeypatch.setenv("xray_epochs", "3")
    monkeypatch.setenv("UNRELATED", "kept")
    environment = process_environment(Settings(seed=0, epochs=30, state=tmp_path))
    with patch.dict("os.environ", environment, clear=True):
        assert (Settings().seed, Settings().epochs) == (0, 30)
    assert environment["UNRELATED"] == "kept"
    assert environment["DAGSTER_HOME"] == str(tmp_path / "dagster")


def test_numeric_libraries_get_one_thread_unless_a_person_says_otherwise(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    assert process_environment(Settings())["OMP_NUM_THREADS"] == "1"
    monkeypatch.setenv("OMP_NUM_THREADS", "4")
    assert process_environment(Settings())["OMP_NUM_THREADS"] == "4"
