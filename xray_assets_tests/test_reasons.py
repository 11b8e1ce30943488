"""Reasons travel as codes; sentences are for people."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xray_assets.reasons import Reason, as_columns, codes_of, from_columns

words = st.text(st.characters(exclude_characters="\n"), min_size=1)
reasons = st.lists(st.builds(Reason, words, words), min_size=1)


@given(reasons)
def test_a_row_gives_back_the_reasons_it_was_given(given: list[Reason]) -> None:
    assert list(from_columns(as_columns(given))) == given


@given(reasons)
def test_a_row_from_before_codes_were_kept_still_shows_its_sentences(given: list[Reason]) -> None:
    old = as_columns(given) | {"reason_codes": None}
    assert [reason.sentence for reason in from_columns(old)] == [one.sentence for one in given]
    assert set(codes_of(from_columns(old))) == {""}


def test_a_row_with_fewer_codes_than_sentences_is_an_error() -> None:
    with pytest.raises(ValueError, match="zip"):
        from_columns({"reason_codes": "one", "reasons": "first\nsecond"})
