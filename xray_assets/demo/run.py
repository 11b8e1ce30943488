"""The demo: the real stack, real traffic, simulated readers, and the verdict that follows.

Everything happens through the product's own doors (HTTP and Dagster); this module only waits, sends
and shows.
"""

import time
from collections.abc import Callable
from itertools import cycle, islice

from rich.console import Console

from xray_assets.catalog import (
    ENDPOINT_NAME,
    PREDICTION_FEEDBACK,
    PROMOTION_DECISION,
    XRAY_METADATA,
)
from xray_assets.demo import accounts
from xray_assets.demo.clients import EndpointClient, HeldOutFilm, flatten, held_out_films
from xray_assets.demo.orchestrator import Orchestrator, RunFailed
from xray_assets.demo.outcome import Outcome
from xray_assets.demo.readers import ERROR_RATE, SimulatedReaders, truths
from xray_assets.demo.report import show_outcome
from xray_assets.demo.scenarios import SCENARIOS, Scenario
from xray_assets.demo.state import prepare
from xray_assets.deployments import resources
from xray_assets.jobs import evaluate, follow, lineage
from xray_assets.rollout.experiment import Experiment
from xray_assets.rollout.state import last_experiment
from xray_assets.settings import Settings
from xray_assets.stack.stack import Stack

WAVE = 150
"""Patients between two looks at the decision. All disagreements of the models are read, and a tenth
of the other cases: about 60 reads.
"""

PATIENCE_SECONDS = 120.0


def run_demo(
    *,
    scenario: str = "better",
    keep: bool = False,
    console: Console | None = None,
    afterwards: Callable[[Outcome, Settings], None] = lambda outcome, settings: None,
) -> Outcome:
    """Run a scenario from nothing to its verdict; `keep` leaves the stack up until Ctrl-C.

    `afterwards` is called with the stack still up. Starts afresh in a state folder of its own.
    Raises RunFailed when a run fails, StackError when a process cannot start.
    """
    console = console or Console()
    chosen = SCENARIOS[scenario]
    settings = prepare(chosen)
    console.rule(f"demo: {chosen.name} - {chosen.about}")
    with Stack(settings, progress=console.print) as stack:
        demo = Demo(settings, chosen, console)
        outcome = demo.run()
        show_outcome(outcome, settings, console)
        afterwards(outcome, settings)
        if keep:
            stack.wait("The stack stays up; Ctrl-C stops it.")
    return outcome


class Demo:
    """One run of a scenario against a running stack."""

    def __init__(self, settings: Settings, scenario: Scenario, console: Console) -> None:
        """Make the clients; nothing is sent yet."""
        from xray_assets.web.accounts_file import client_tokens

        token = client_tokens(settings)[0]
        room = resources(settings)
        self.settings, self.scenario, self.console = settings, scenario, console
        self.tables, self.inbox = room.tables, room.inbox
        self.orchestrator = Orchestrator(settings.dagster_url)
        self.client = EndpointClient(settings.endpoint_url, ENDPOINT_NAME, token)
        self.reader_tokens, self.visitors = accounts.readers(settings), accounts.visitors(settings)
        self.seconds: dict[str, float] = {}
        self._started = time.monotonic()

    def run(self) -> Outcome:
        """From films to the end of the experiment, or to the last patient."""
        self.materialize()
        films = self.tables.read(XRAY_METADATA).collect()
        patients = held_out_films(films, seed=self.settings.seed)
        readers = SimulatedReaders(
            self.settings.feedback_url,
            self.reader_tokens,
            truths(films),
            seed=self.settings.seed,
        )
        self.console.print(
            f"{len(patients)} held-out patients; readers err in {ERROR_RATE:.0%} of reads"
        )
        unread, decision = list(patients), None
        while unread and (decision is None or decision["verdict"] == "KEEP_TESTING"):
            wave, unread = unread[:WAVE], unread[WAVE:]
            decision = self.wave(wave, readers)
        if decision is None:
            raise RunFailed("no patient is held out: raise the test share of XRAY_SPLIT_SHARES")
        self.finish(unread or patients)
        self.seconds["total"] = time.monotonic() - self._started
        return Outcome(self._experiment(), self._decision(), self.seconds, self.visitors)

    def materialize(self) -> None:
        """Launch the main job and follow it."""
        run_id = self.orchestrator.launch(lineage.name)
        self.console.print(f"main job: {self.settings.dagster_url}/runs/{run_id}")

        def on_step(key: str, status: str, seconds: float) -> None:
            if not key.endswith("keeps_its_contract"):
                self.seconds[key] = seconds
                self.console.print(f"  {key:<45} {status.lower():<8} {seconds:5.1f} s")

        self.orchestrator.follow(run_id, on_step)
        self.seconds["main job"] = time.monotonic() - self._started

    def wave(self, patients: list[list[HeldOutFilm]], readers: SimulatedReaders) -> dict:
        """Send films, draw cases, let readers read them, wait for the sensor's run; returns the new
        decision.
        """
        answered = self.client.send(flatten(patients))
        # By itself it would come within XRAY_FOLLOW_SECONDS.
        self.orchestrator.follow(self.orchestrator.launch(follow.name), lambda *_: None)
        reads = readers.read()
        submitted = time.monotonic()
        if reads:  # else no case was drawn, and no run is asked for
            self._wait(self._all_feedback_taken, "the sensor's run")
        decision = self._decision()
        waited = time.monotonic() - submitted
        longest = "feedback to decision, longest"
        self.seconds[longest] = max(waited, self.seconds.get(longest, 0))
        self.console.print(
            f"{len(answered):4d} films answered, {reads} reads; "
            f"{decision['n_reviewed']} cases reviewed; "
            f"[bold]{decision['verdict']}[/bold]; decided {waited:.1f} s after the last feedback"
        )
        return decision

    def finish(self, patients: list[list[HeldOutFilm]]) -> None:
        """Keep traffic flowing until the verdict is carried out: the ramp's every step, or the way
        back.
        """
        began = time.monotonic()
        films = cycle(flatten(patients))  # each step needs its requests, however few are left
        enough = max(1, self.settings.ramp_dwell_requests)
        while (experiment := self._experiment()).is_running and self._decision()[
            "verdict"
        ] != "KEEP_TESTING":
            deadline = time.monotonic() + PATIENCE_SECONDS
            # What is sent while the endpoint switches counts for the config before: send again.
            while not self._left(experiment.stage):
                if time.monotonic() > deadline:
                    raise RunFailed(
                        f"the step after stage {experiment.stage} did not come within "
                        f"{PATIENCE_SECONDS:.0f} s: see {self.settings.dagster_url}/runs"
                    )
                self.client.send(list(islice(films, enough)))
                self._pause(lambda stage=experiment.stage: self._left(stage))
            self.console.print(
                f"challenger's share: {experiment.stage} % -> {self._experiment().stage} %"
            )
        if not self._experiment().is_running:
            self._wait(lambda: self._experiment().is_settled, "the endpoint and the aliases")
        self.seconds["ramp or way back"] = time.monotonic() - began
        # A run whose checks are still at work would be cut off, and stay red in Dagster.
        self._wait(self.orchestrator.is_idle, "the end of the last run")

    def _pause(self, done: Callable[[], bool], seconds: float = 12.0) -> None:
        """Wait until something is done, but not longer than this."""
        end = time.monotonic() + seconds
        while not done() and time.monotonic() < end:
            time.sleep(0.5)

    def _left(self, stage: int) -> bool:
        experiment = self._experiment()
        return experiment.stage != stage or not experiment.is_running

    def _all_feedback_taken(self) -> bool:
        """True once a finished run has taken in the whole inbox. Raises RunFailed when the sensor's
        run failed.
        """
        last = next(self.orchestrator.runs(evaluate.name), None)
        if last and last["status"] in ("FAILURE", "CANCELED"):
            raise RunFailed(
                f"the sensor's run failed: see {self.settings.dagster_url}/runs/{last['runId']}"
            )
        taken = not self.inbox.is_ahead(self.inbox.resume(self.tables, PREDICTION_FEEDBACK))
        return taken and last is not None and last["status"] == "SUCCESS"

    def _wait(self, done, what: str) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not done():
            if time.monotonic() > deadline:
                raise RunFailed(
                    f"{what} did not come within {PATIENCE_SECONDS:.0f} s: see "
                    f"{self.settings.dagster_url}/runs"
                )
            time.sleep(0.5)

    def _experiment(self) -> Experiment:
        experiment = last_experiment(self.tables)
        if experiment is None:
            raise RunFailed("no experiment was opened: both classifiers must be registered")
        return experiment

    def _decision(self) -> dict:
        decisions = self.tables.read(PROMOTION_DECISION).sort("decided_at").tail(1).collect()
        if decisions.is_empty():
            raise RunFailed("the sensor's run made no decision")
        return decisions.row(0, named=True)
