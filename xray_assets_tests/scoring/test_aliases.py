from hypothesis import given
from hypothesis import strategies as st

from xray_assets.scoring.aliases import AliasHeld, alias_changes

ALIASES = st.sampled_from(["champion", "challenger", "previous_champion", "other"])
TARGETS = st.tuples(st.sampled_from(["one", "two"]), st.integers(1, 3))
HELD = st.dictionaries(st.tuples(st.sampled_from(["one", "two"]), ALIASES), st.integers(1, 3)).map(
    lambda found: {AliasHeld(model, alias, version) for (model, alias), version in found.items()}
)
DESIRED = st.dictionaries(ALIASES, st.none() | TARGETS)


def after(held, changes):
    """What the registry holds then: an alias of a model names one version."""
    found = {(have.model_name, have.alias): have for have in held}
    found |= {(new.model_name, new.alias): new for new in changes.to_set}
    for stale in changes.to_delete:
        del found[stale.model_name, stale.alias]
    return set(found.values())


@given(HELD, DESIRED)
def test_afterwards_each_desired_alias_names_exactly_its_version(held, desired):
    then = after(held, alias_changes(held, desired))
    for alias, target in desired.items():
        names = [(have.model_name, have.version) for have in then if have.alias == alias]
        assert names == ([target] if target else [])


@given(HELD, DESIRED)
def test_a_second_time_nothing_changes(held, desired):
    then = after(held, alias_changes(held, desired))
    again = alias_changes(then, desired)
    assert again.to_set == again.to_delete == ()
    assert again.in_words() == []


@given(HELD, DESIRED)
def test_aliases_that_nobody_asked_about_stay(held, desired):
    then = after(held, alias_changes(held, desired))
    assert {h for h in held if h.alias not in desired} == {
        h for h in then if h.alias not in desired
    }
