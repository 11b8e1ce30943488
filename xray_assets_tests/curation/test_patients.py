"""What a file name tells about the patient."""

import csv

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xray_assets.curation.patients import patient_of, subtype_of
from xray_assets_tests.imaging.made_films import REAL_FILMS


@pytest.mark.parametrize(
    ("name", "patient", "subtype"),
    [
        ("person12_bacteria_34.jpeg", "person12", "bacteria"),
        ("person12_virus_5.jpeg", "person12", "virus"),
        ("IM-0115-0001.jpeg", "IM-0115", None),
        ("IM-0115-0001-0002.jpeg", "IM-0115", None),
        ("NORMAL2-IM-0115-0001.jpeg", "IM-0115", None),
        ("NORMAL2-IM-1344-0001-0001.jpeg", "IM-1344", None),
        ("train/NORMAL/IM-0115-0001.jpeg", "IM-0115", None),
        (r"train\PNEUMONIA\person12_virus_5.jpeg", "person12", "virus"),
        ("phantom-0012-03.jpeg", "phantom-0012", None),
        ("phantom-12345-01.jpeg", "phantom-12345", None),
    ],
)
def test_known_names_give_patient_and_subtype(name: str, patient: str, subtype: str | None) -> None:
    assert patient_of(name) == (patient, "file_name")
    assert subtype_of(name) == subtype


@pytest.mark.parametrize(
    "name",
    [
        "",
        "scan.jpeg",
        "person_bacteria_1.jpeg",
        "person12_fungus_1.jpeg",
        "xperson12_virus_1.jpeg",
        "person12_virus_1 (copy).jpeg",
        "NORMAL3-IM-0115-0001.jpeg",
        "IM-0115.jpeg",
        "phantom-12.jpeg",
        "IM-0115-0001/scan.jpeg",
    ],
)
def test_an_unknown_name_tells_nothing_and_names_the_digest_as_source(name: str) -> None:
    assert patient_of(name) == (None, "digest")
    assert subtype_of(name) is None


@given(st.integers(0, 9999), st.integers(0, 9999))
def test_both_spellings_of_a_normal_number_are_one_patient(number: int, film: int) -> None:
    plain = patient_of(f"IM-{number:04d}-{film:04d}.jpeg")
    assert plain == patient_of(f"NORMAL2-IM-{number:04d}-{film:04d}.jpeg")
    assert plain == patient_of(f"IM-{number}-0001-{film}.jpeg")


@pytest.mark.skipif(not REAL_FILMS.exists(), reason="the real films are not here")
def test_the_patients_of_the_real_films_are_those_of_their_manifest() -> None:
    with (REAL_FILMS / "manifest.csv").open() as lines:
        rows = list(csv.DictReader(lines))
    pairs = {(row["patient_group"], patient_of(row["path"])[0]) for row in rows}
    groups, patients = {group for group, _ in pairs}, {patient for _, patient in pairs}
    assert len(pairs) == len(groups) == len(patients)
    assert all((subtype_of(row["path"]) or "") == row["subtype"] for row in rows)
