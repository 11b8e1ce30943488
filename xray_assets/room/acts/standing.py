"""How things stand, for whoever decides: the last experiment, what is served, what comes next."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from xray_assets.rollout.observe import observe
from xray_assets.rollout.reconcile import Observation, Step, next_step
from xray_assets.rollout.served import EndpointUnreachable
from xray_assets.rollout.state import State, read_state, waiting
from xray_assets.room.acts.by_hand import ACTS, ActByHand
from xray_assets.web.roles import Account

if TYPE_CHECKING:
    from xray_assets.resources.ramp import Ramp


@dataclass(frozen=True)
class Standing:
    """`seen` and `step` are None where there is no experiment or the endpoint does not answer;
    `problem` says so. `waiting`: what is wanted and not served yet.
    """

    state: State
    seen: Observation | None
    step: Step | None
    waiting: str
    problem: str
    approvers: int
    mode: str

    def offered(self, account: Account) -> dict[str, ActByHand]:
        """The acts that this account may do and that this state has."""
        return {
            name: act
            for name, act in ACTS.items()
            if account.may(act.needs)
            and act.is_offered(self.state)
            and (name != "promote" or self.mode == "recommend")
        }


def standing(ramp: "Ramp") -> Standing:
    """How things stand now."""
    state = read_state(ramp.tables)
    seen, step, problem = None, None, ""
    if state.last is not None:
        try:
            seen = observe(ramp, state.last)
            step = next_step(seen, ramp.policy)
        except EndpointUnreachable as error:
            problem = str(error)
    wait = waiting(ramp.tables)
    return Standing(state, seen, step, wait, problem, ramp.policy.approvers, ramp.policy.mode)
