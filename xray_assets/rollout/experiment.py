"""An experiment and its states. Every change returns a new one; nothing is edited in place."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Self

from xray_assets.errors import XrayError
from xray_assets.rollout.candidates import Candidate
from xray_assets.rollout.word import Approval

OPEN, RAMPING = "open", "ramping"
PROMOTED, ROLLED_BACK, INCONCLUSIVE, CLOSED = "promoted", "rolled_back", "inconclusive", "closed"
WITHDRAWN = "withdrawn"
RUNNING_STATES = (OPEN, RAMPING)


class ExperimentError(XrayError):
    """An experiment cannot be opened or changed like this; the message says what to do."""


@dataclass(frozen=True)
class Experiment:
    """A frozen comparison of champion and challenger and where it stands (a row of
    gold.experiments).

    `stage` is the challenger's wanted share of the traffic in percent; `decided_by` and `cause` say
    who put it there and why. `approval` is the first of two approvals of the present stage's step.
    A final state with `closed_at` None is decided but not yet carried out: the reconciler finishes
    it. `generation` is that of the save that wrote this state. `decision_id` is the decision that
    put it there, if one did. `state_before` and `stage_before` are what a person's word changed and
    may be withdrawn to; WITHDRAWN is an experiment that a person opened and took back.
    `review_policy_hash` is the review policy that was frozen with the rule; None before 0.3.0: no
    chance of review counts.
    """

    experiment_id: str
    champion: Candidate
    challenger: Candidate
    rule_hash: str
    starting_share: int
    state: str
    stage: int
    opened_at: datetime
    stage_since: datetime
    closed_at: datetime | None
    opened_by: str
    closed_by: str | None
    decided_by: str
    cause: str
    approval: Approval | None = None
    generation: int = 0
    decision_id: str | None = None
    state_before: str | None = None
    stage_before: int | None = None
    review_policy_hash: str | None = None

    @classmethod
    def open(
        cls,
        champion: Candidate,
        challenger: Candidate,
        *,
        rule_hash: str,
        review_policy_hash: str | None = None,
        starting_share: int,
        now: datetime,
        by: str,
        cause: str,
    ) -> Self:
        """Open an experiment; raises ExperimentError when both models are the same artifact."""
        if champion.artifact_sha256 == challenger.artifact_sha256:
            raise ExperimentError(
                f"{challenger.served_name} is the same artifact as the champion "
                f"{champion.served_name}: there is nothing to compare"
            )
        stamp = now.strftime("%Y%m%dT%H%M%S")
        return cls(
            experiment_id=(
                f"{stamp}-{champion.artifact_sha256[:6]}-{challenger.artifact_sha256[:6]}"
            ),
            champion=champion,
            challenger=challenger,
            rule_hash=rule_hash,
            review_policy_hash=review_policy_hash,
            starting_share=starting_share,
            state=OPEN,
            stage=starting_share,
            opened_at=now,
            stage_since=now,
            closed_at=None,
            opened_by=by,
            closed_by=None,
            decided_by=by,
            cause=cause,
        )

    @property
    def is_running(self) -> bool:
        """True while evidence is collected."""
        return self.state in RUNNING_STATES

    @property
    def logs_chances(self) -> bool:
        """True where its cases are drawn for review by logged chances: then blinded reads count,
        and no others at any split.
        """
        return self.review_policy_hash is not None

    @property
    def is_settled(self) -> bool:
        """True once a final state has been carried out: endpoint and aliases follow it."""
        return self.closed_at is not None

    @property
    def winner(self) -> Candidate:
        """Who is champion now."""
        return self.challenger if self.state == PROMOTED else self.champion

    def wanted_traffic(self) -> dict[str, int]:
        """Wanted share in percent by served name; an entity without traffic is left out, except in
        a shadow start.
        """
        if self.is_running:
            return {
                self.champion.served_name: 100 - self.stage,
                self.challenger.served_name: self.stage,
            }
        return {self.winner.served_name: 100}

    def approved(self, approval: Approval) -> Self:
        """The same with a first approval; it stands for this stage only."""
        self._require_running()
        return replace(self, approval=approval)

    def ramped_to(
        self, stage: int, *, now: datetime, by: str, cause: str, decision_id: str | None = None
    ) -> Self:
        """The next stage; at 100 the experiment is promoted."""
        self._require_running()
        if stage <= self.stage:
            raise ExperimentError(f"stage {stage} is not above {self.stage}")
        state = PROMOTED if stage == 100 else RAMPING
        return self._moved(state, stage, now=now, by=by, cause=cause, decision_id=decision_id)

    def set_to(self, share: int, *, now: datetime, by: str, cause: str) -> Self:
        """Another share by a person's word, at most what it stands at or started with.

        Raises ExperimentError for more, which takes a PROMOTE, and where nothing would change.
        """
        self._require_running()
        most = max(self.stage, self.starting_share)
        if share == self.stage or not 0 <= share <= most:
            raise ExperimentError(
                f"the challenger has {self.stage} %, which can be set from 0 to {most}: more takes "
                "a PROMOTE, all of it to the champion `xray rollback`"
            )
        return self._moved(self.state, share, now=now, by=by, cause=cause)

    def ended(
        self, state: str, *, now: datetime, by: str, cause: str, decision_id: str | None = None
    ) -> Self:
        """Ended with the champion serving everything; after a promotion, with the previous one.

        A promotion can only be rolled back. Raises ExperimentError for any other ended experiment.
        """
        if not (self.state == PROMOTED and state == ROLLED_BACK):
            self._require_running()
        return self._moved(state, 0, now=now, by=by, cause=cause, decision_id=decision_id)

    def settled(self, *, now: datetime) -> Self:
        """Carried out: endpoint and aliases follow the final state. Whoever decided it closed it,
        whichever run carried it out.
        """
        return replace(
            self, closed_at=now, closed_by=self.decided_by, state_before=None, stage_before=None
        )

    def withdrawable(self, before: Self | None) -> Self:
        """The same, remembering what a person's word made it of; None: this word opened it."""
        return replace(
            self,
            state_before=before.state if before else WITHDRAWN,
            stage_before=before.stage if before else 0,
        )

    def withdrawn(self, *, now: datetime, by: str, cause: str) -> Self:
        """As it was before a person's word. Raises ExperimentError where no person's word stands
        last.
        """
        if self.state_before is None or self.stage_before is None:
            raise ExperimentError(
                f"nothing to withdraw: {self.cause!r} is no person's word (by {self.decided_by})"
            )
        return self._moved(self.state_before, self.stage_before, now=now, by=by, cause=cause)

    def _moved(
        self,
        state: str,
        stage: int,
        *,
        now: datetime,
        by: str,
        cause: str,
        decision_id: str | None = None,
    ) -> Self:
        return replace(
            self,
            state=state,
            stage=stage,
            stage_since=now,
            closed_at=None,
            closed_by=None,
            decided_by=by,
            cause=cause,
            approval=None,
            decision_id=decision_id,
            state_before=None,
            stage_before=None,
        )

    def _require_running(self) -> None:
        if not self.is_running:
            raise ExperimentError(
                f"experiment {self.experiment_id} is {self.state}: open a new one"
            )
