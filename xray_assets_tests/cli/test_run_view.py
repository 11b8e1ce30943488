"""What the terminal says of a failed step."""

import sys

import pytest
from dagster._utils.error import serializable_error_info_from_exc_info

from xray_assets.commands.run_view import sentence_of
from xray_assets.errors import StaleWrite


class Defect(RuntimeError):
    """Of this project, and nothing that a person can mend."""


@pytest.mark.parametrize(
    ("cause", "said"),
    [
        (StaleWrite("look again: it changed"), "look again: it changed"),
        (
            Defect("xray_assets.errors.XrayError: not one"),
            "Defect: xray_assets.errors.XrayError: not one",
        ),
        (ValueError("a: b"), "ValueError: a: b"),
        (ValueError(), "ValueError"),
    ],
)
def test_what_a_person_can_mend_is_known_by_its_type(cause: Exception, said: str) -> None:
    try:
        raise RuntimeError("the step failed") from cause
    except RuntimeError:
        error = serializable_error_info_from_exc_info(sys.exc_info())
    assert sentence_of(error) == said
