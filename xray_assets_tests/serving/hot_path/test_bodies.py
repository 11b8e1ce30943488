import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xray_assets.serving.hot_path.bodies import Invocation, parse
from xray_assets.web.refusals import BadRequest

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=12,
)


def parsed(document: Any, limit: int = 8) -> Invocation:
    return parse(json.dumps(document).encode(), batch_limit=limit)


@pytest.mark.parametrize(
    "body",
    [
        {
            "dataframe_records": [
                {"image": "A", "patient_id": "p"},
                {"image": "B", "patient_id": "p"},
            ]
        },
        {"dataframe_split": {"columns": ["patient_id", "image"], "data": [["p", "A"], ["p", "B"]]}},
        {
            "dataframe_split": {"index": [0, 1], "columns": ["image"], "data": [["A"], ["B"]]},
            "params": {"patient_id": "p"},
        },
        {"inputs": ["A", "B"], "params": {"patient_id": "p"}},
        {"inputs": {"image": ["A", "B"], "patient_id": ["p", "p"]}},
        {"inputs": {"image": ["A", "B"], "patient_id": "p"}},
        {"instances": ["A", "B"], "params": {"patient_id": "p"}},
        {"instances": [{"image": "A", "patient_id": "p"}, {"image": "B", "patient_id": "p"}]},
    ],
)
def test_every_format_says_the_same(body: dict[str, Any]) -> None:
    invocation = parsed({**body, "client_request_id": "c"})
    assert invocation.images == ["A", "B"]
    assert invocation.patient_ids == ["p", "p"]
    assert invocation.sites == [None, None]
    assert invocation.one_patient == "p"
    assert not invocation.several_patients
    assert invocation.client_request_id == "c"


@pytest.mark.parametrize(
    "body",
    [
        {"dataframe_records": [{"image": "A", "site": "x"}, {"image": "B", "site": "y"}]},
        {"dataframe_split": {"columns": ["site", "image"], "data": [["x", "A"], ["y", "B"]]}},
        {"inputs": {"image": ["A", "B"], "site": ["x", "y"]}},
        {"instances": [{"image": "A", "site": "x"}, {"image": "B"}], "params": {"site": "y"}},
    ],
)
def test_a_site_is_told_by_a_column_or_for_all_films_at_once(body: dict[str, Any]) -> None:
    assert parsed(body).sites == ["x", "y"]
    assert parsed({"inputs": ["A"], "params": {"site": "x"}}).sites == ["x"]


def test_one_film_as_an_array_is_one_image_and_a_list_of_them_a_batch() -> None:
    array = [[0.5] * 64] * 64
    for body in (
        {"inputs": array},
        {"inputs": [array]},
        {"instances": [array]},
        {"instances": [{"image": array}]},
    ):
        assert parsed(body).images == [array]
    assert parsed({"inputs": [array, array]}).images == [array, array]


def test_several_patients_in_a_batch_are_noticed() -> None:
    rows = [{"image": "A", "patient_id": "p"}, {"image": "B", "patient_id": "q"}]
    invocation = parsed({"dataframe_records": rows})
    assert invocation.several_patients and invocation.one_patient is None
    assert parsed({"dataframe_records": [rows[0], {"image": "B"}]}).several_patients


def test_numbers_are_patient_ids_and_blanks_are_none() -> None:
    assert parsed({"instances": [{"image": "A", "patient_id": 17}]}).one_patient == "17"
    assert parsed({"instances": [{"image": "A", "patient_id": "  "}]}).one_patient is None


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "bad_json"),
        (b"{", "bad_json"),
        (b"\xff\xfe{}", "bad_json"),
        (b"[" * 200_000, "bad_json"),
        (b'{"a": ' * 100_000, "bad_json"),
        (b"9" * 10_000, "bad_json"),
        (b"[]", "bad_body"),
        (b"{}", "bad_body"),
        (b'{"inputs": ["A"], "instances": ["A"]}', "bad_body"),
        (b'{"inputs": 5}', "bad_body"),
        (b'{"inputs": []}', "empty_batch"),
        (b'{"instances": []}', "empty_batch"),
        (b'{"dataframe_records": []}', "empty_batch"),
        (b'{"dataframe_records": {}}', "bad_body"),
        (b'{"dataframe_records": [1]}', "bad_body"),
        (b'{"dataframe_records": [{"film": "A"}]}', "bad_body"),
        (b'{"dataframe_records": [{"image": "A", "b64": "A"}]}', "bad_body"),
        (b'{"dataframe_split": []}', "bad_body"),
        (b'{"dataframe_split": {"columns": ["image"], "data": []}}', "empty_batch"),
        (b'{"dataframe_split": {"columns": ["image"], "data": [[1, 2]]}}', "bad_body"),
        (b'{"dataframe_split": {"columns": ["image", "image"], "data": [[1, 2]]}}', "bad_body"),
        (b'{"dataframe_split": {"columns": [["image"]], "data": [[1]]}}', "bad_body"),
        (b'{"inputs": {"image": ["A", "B"], "patient_id": ["p"]}}', "bad_body"),
        (b'{"inputs": ["A"], "client_request_id": 5}', "bad_body"),
        (b'{"inputs": ["A"], "client_request_id": "\\ud800"}', "bad_body"),
        (b'{"inputs": ["A"], "client_request_id": "a\\nb"}', "bad_body"),
        (b'{"inputs": ["A"], "params": []}', "bad_body"),
        (b'{"inputs": ["A"], "params": {"patient_id": true}}', "bad_body"),
        (b'{"inputs": ["A"], "params": {"patient_id": "' + b"p" * 300 + b'"}}', "bad_body"),
        (b'{"inputs": ["A","A","A","A","A","A","A","A","A"]}', "batch_too_large"),
    ],
)
def test_anything_else_is_refused_with_a_reason(body: bytes, reason: str) -> None:
    with pytest.raises(BadRequest) as refusal:
        parse(body, batch_limit=8)
    assert refusal.value.reason == reason
    assert len(refusal.value.message) < 300


@given(st.sampled_from(["dataframe_records", "dataframe_split", "inputs", "instances"]), JSON, JSON)
def test_no_body_does_anything_but_parse_or_be_refused(name: str, value: Any, params: Any) -> None:
    try:
        invocation = parsed({name: value, "params": params})
    except BadRequest:
        return
    assert len(invocation.images) == len(invocation.patient_ids) >= 1


@given(st.binary(max_size=200))
def test_no_bytes_do_anything_but_be_refused(body: bytes) -> None:
    try:
        parse(body, batch_limit=8)
    except BadRequest as refusal:
        assert refusal.message
