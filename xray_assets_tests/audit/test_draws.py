"""What `xray audit verify` finds of edited draws and orders."""

from collections.abc import Iterator

import pytest
from deltalake import DeltaTable

from xray_assets.backup.erasure import erase
from xray_assets.catalog import PROMOTION_DECISION, REVIEW_ASSIGNMENTS, REVIEW_POLICY, Key
from xray_assets.serving.hot_path.case_keys import CaseKeys
from xray_assets_tests.audit.test_record import STEP_US, Hospital

PATIENT = "MRN-4711"


@pytest.fixture(scope="module")
def hospital(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hospital]:
    """A decision on drawn cases; one, the fifth, is a patient's who will be erased."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("draws")
        made = Hospital(folder / "state", patch, logged=True, decisions=0)
        ids = made.world.predict(200, STEP_US)
        case_key = CaseKeys(made.settings.endpoint_folder).of_patient(PATIENT)
        change = "UPDATE predictions SET case_key = ? WHERE request_id = ?"
        made.world.log.execute(change, (case_key, ids[4]))
        made.world.log.commit()
        with made.instance:
            made.decide()
            assert made.findings() == ()
            yield made


def table(hospital: Hospital, key: Key) -> DeltaTable:
    return DeltaTable(hospital.tables.uri(key))


EDITS = {
    "a chance": (REVIEW_ASSIGNMENTS, {"chance": "0.2"}, "drawn"),
    "a number that was drawn": (REVIEW_ASSIGNMENTS, {"u": "0.999"}, "NOT drawn"),
    "a draw": (REVIEW_ASSIGNMENTS, {"drawn": "true", "reads_wanted": "1"}, "NOT drawn"),
    "a draw taken back": (REVIEW_ASSIGNMENTS, {"drawn": "false"}, "drawn"),
    "another patient": (REVIEW_ASSIGNMENTS, {"case_key": "'x'"}, "drawn"),
    "what was frozen": (REVIEW_POLICY, {"chance": "0.5"}, "champion_label = 0"),
    "the floor of the day": (REVIEW_POLICY, {"chance": "0.03"}, "floor IS NOT NULL"),
}


@pytest.mark.parametrize("edit", EDITS)
def test_an_edit_is_found(hospital: Hospital, edit: str) -> None:
    key, change, where = EDITS[edit]
    version = table(hospital, key).version()
    assert table(hospital, key).update(updates=change, predicate=where)["num_updated_rows"]
    found = hospital.findings()
    table(hospital, key).restore(version)
    assert any("draw" in one or "froze" in one for one in found), found


def test_a_row_that_was_drawn_and_is_gone_is_found(hospital: Hospital) -> None:
    version = table(hospital, REVIEW_ASSIGNMENTS).version()
    table(hospital, REVIEW_ASSIGNMENTS).delete("drawn")
    found = hospital.findings()
    assert "one was edited, removed or added" in found[0] and "have no draw" in found[1]
    table(hospital, REVIEW_ASSIGNMENTS).restore(version)


def test_an_erasure_is_no_finding_and_the_draws_of_others_are_still_held(
    hospital: Hospital,
) -> None:
    (row,) = hospital.rows()
    assert row["draws_head"] and row["rule_version"] == "3"
    before = hospital.tables.row_count(REVIEW_ASSIGNMENTS)
    erase(hospital.settings, hospital.tables, PATIENT, by="a person")
    assert hospital.tables.row_count(REVIEW_ASSIGNMENTS) == before - 1
    assert hospital.findings() == ()
    assert any("draws" in one and "erased" in one for one in hospital.verified().checked)
    table(hospital, REVIEW_ASSIGNMENTS).update(updates={"site": "'b'"}, predicate="drawn")
    assert hospital.findings()
    assert hospital.tables.version(PROMOTION_DECISION) is not None
