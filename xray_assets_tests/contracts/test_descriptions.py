"""Dagster shows descriptions as Markdown, in which a bare `<name>` is a tag, and is not shown."""

import re

import pytest

from xray_assets.assets.entries import ENTRIES
from xray_assets.contracts.contract import Contract
from xray_assets.contracts.tables import CONTRACTS

CODE = re.compile(r"`[^`]*`")


def eaten(descriptions: list[str]) -> list[str]:
    return [told for told in descriptions if "<" in CODE.sub("", told)]


@pytest.mark.parametrize("contract", CONTRACTS.values(), ids=lambda one: ".".join(one.key))
def test_a_placeholder_in_a_description_is_shown(contract: Contract) -> None:
    assert eaten([contract.description, *(one.description for one in contract.columns)]) == []


def test_a_placeholder_in_an_entry_of_the_lineage_is_shown() -> None:
    assert eaten([entry.description for entry in ENTRIES.values()]) == []
