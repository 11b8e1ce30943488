"""The acts that a person may do by hand: who may, what must be typed, and what it calls."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, Field

from xray_assets.catalog import Catalog, served_name
from xray_assets.rollout import acts
from xray_assets.rollout.experiment import PROMOTED, ExperimentError
from xray_assets.rollout.state import State
from xray_assets.web.roles import Act

if TYPE_CHECKING:  # Dagster comes with it
    from xray_assets.resources.ramp import Ramp
    from xray_assets.rollout.acts import Outcome


class Asked(BaseModel):
    """What a person filled in. `generation`: of gold.experiments, as they saw it; `confirmation`:
    the name that the act must be confirmed with. The rest belongs to single acts.
    """

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    generation: int = Field(ge=0)
    reason: str = Field(min_length=1, max_length=500)
    confirmation: str = Field(min_length=1, max_length=300)
    share: int | None = Field(default=None, ge=0, le=100)
    model: str | None = Field(default=None, max_length=300)
    version: int | None = Field(default=None, ge=1)


@dataclass(frozen=True)
class Word:
    """Whose word it is, and what they filled in. `named`: an account of their own said so."""

    by: str
    named: bool
    asked: Asked


@dataclass(frozen=True)
class ActByHand:
    """One act. `confirmed_by`: the name to type, of the state that the person sees; for `open`, of
    what they filled in. `is_offered`: whether it can be done in that state.
    """

    title: str
    what: str
    needs: Act
    confirmed_by: Callable[[State, Asked | None], str]
    is_offered: Callable[[State], bool]
    call: Callable[["Ramp", State, Word], "Outcome"]
    fields: tuple[str, ...] = ()
    is_dangerous: bool = True


def _experiment_id(state: State, asked: Asked | None) -> str:
    return state.last.experiment_id if state.last else ""


def _champion(state: State, asked: Asked | None) -> str:
    return state.last.champion.served_name if state.last else ""


def _previous_champion(state: State, asked: Asked | None) -> str:
    promotion = state.last_promotion
    return promotion.champion.served_name if promotion else ""


def _challenger(state: State, asked: Asked | None) -> str:
    if asked is None or not asked.model or not asked.version:
        return ""
    return served_name(asked.model, asked.version)


def _is_running(state: State) -> bool:
    return state.last is not None and state.last.is_running


def _promote(ramp: "Ramp", state: State, word: Word) -> "Outcome":
    if state.last is None:
        raise ExperimentError("nothing to approve: there is no experiment yet")
    return acts.approve(
        ramp,
        experiment_id=state.last.experiment_id,
        stage=state.last.stage,
        by=word.by,
        reason=word.asked.reason,
        named=word.named,
        seen=word.asked.generation,
    )


def _roll_back(ramp: "Ramp", state: State, word: Word) -> "Outcome":
    asked = word.asked
    return acts.roll_back(ramp, by=word.by, reason=asked.reason, seen=asked.generation)


def _roll_back_to_previous(ramp: "Ramp", state: State, word: Word) -> "Outcome":
    asked = word.asked
    return acts.roll_back(
        ramp, by=word.by, reason=asked.reason, to_previous=True, seen=asked.generation
    )


def _close(ramp: "Ramp", state: State, word: Word) -> "Outcome":
    return acts.close(ramp, by=word.by, reason=word.asked.reason, seen=word.asked.generation)


def _withdraw(ramp: "Ramp", state: State, word: Word) -> "Outcome":
    return acts.withdraw(ramp, by=word.by, reason=word.asked.reason, seen=word.asked.generation)


def _set_share(ramp: "Ramp", state: State, word: Word) -> "Outcome":
    asked = word.asked
    if asked.share is None:
        raise ExperimentError("say which share the challenger gets, in percent")
    return acts.set_share(ramp, asked.share, by=word.by, reason=asked.reason, seen=asked.generation)


def _open(ramp: "Ramp", state: State, word: Word) -> "Outcome":
    asked = word.asked
    if not asked.model or not asked.version:
        raise ExperimentError("say which registered model and version challenges the champion")
    model = Catalog(ramp.environment).model(asked.model)
    return acts.open_experiment(
        ramp, model, asked.version, by=word.by, reason=asked.reason, seen=asked.generation
    )


ACTS: dict[str, ActByHand] = {
    "promote": ActByHand(
        "Approve the recommended step",
        "The challenger gets the next share of the ramp; at 100 % it is champion.",
        Act.APPROVE,
        _experiment_id,
        _is_running,
        _promote,
        is_dangerous=False,
    ),
    "rollback": ActByHand(
        "Roll back",
        "All traffic goes to the champion; after a promotion, to the one before it.",
        Act.ROLL_BACK,
        _champion,
        lambda state: (
            state.last is not None and (_is_running(state) or state.last.state == PROMOTED)
        ),
        _roll_back,
    ),
    "rollback-to-previous": ActByHand(
        "Roll back to the previous champion",
        "All traffic goes to the champion before the last promotion, whatever was opened since.",
        Act.ROLL_BACK,
        _previous_champion,
        lambda state: state.last_promotion not in (None, state.last),
        _roll_back_to_previous,
    ),
    "set-share": ActByHand(
        "Set the challenger's share",
        "Up to where it stands or started; more takes a PROMOTE.",
        Act.EXPERIMENT,
        _experiment_id,
        _is_running,
        _set_share,
        ("share",),
        is_dangerous=False,
    ),
    "close": ActByHand(
        "Close the experiment",
        "It ends without a winner; the champion serves everything.",
        Act.ROLL_BACK,
        _experiment_id,
        _is_running,
        _close,
    ),
    "withdraw": ActByHand(
        "Withdraw the last word",
        "What a person decided last is taken back, while it is not served yet.",
        Act.ROLL_BACK,
        _experiment_id,
        lambda state: state.last is not None and state.last.state_before is not None,
        _withdraw,
    ),
    "open": ActByHand(
        "Open an experiment",
        "The present champion against a registered version.",
        Act.EXPERIMENT,
        _challenger,
        lambda state: state.last is None or state.last.is_settled,
        _open,
        ("model", "version"),
        is_dangerous=False,
    ),
}
"""By the name that a page and a program call it."""
