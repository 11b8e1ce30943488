"""What the endpoint serves, and what an experiment wants it to serve. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from xray_assets.catalog import CHALLENGER, CHAMPION, PREVIOUS_CHAMPION
from xray_assets.errors import XrayError
from xray_assets.rollout.candidates import Candidate
from xray_assets.rollout.experiment import PROMOTED, Experiment


class EndpointUnreachable(XrayError):
    """Nothing answers at the endpoint's host; the message names the command that starts it."""


class EndpointMismatch(XrayError):
    """The endpoint does not serve what it was told to serve."""


class StaleGeneration(XrayError):
    """The wanted state changed after it was read: nothing is served from the older one."""


@dataclass(frozen=True)
class ServedEntity:
    """One model version behind the endpoint, with its share of the traffic in percent."""

    name: str
    model: str
    version: int
    artifact_sha256: str
    role: str
    traffic_percentage: int

    @classmethod
    def of(cls, candidate: Candidate, role: str, traffic_percentage: int) -> "ServedEntity":
        """A candidate of an experiment as a served entity."""
        return cls(
            name=candidate.served_name,
            model=candidate.model,
            version=candidate.version,
            artifact_sha256=candidate.artifact_sha256,
            role=role,
            traffic_percentage=traffic_percentage,
        )


@dataclass(frozen=True)
class ServedConfig:
    """What the endpoint says it serves. `generation`: that of the wanted state it comes from; 0
    where it carries none.
    """

    config_version: int
    experiment_id: str | None
    entities: tuple[ServedEntity, ...]
    generation: int = 0

    def is_of(self, entities: Sequence[ServedEntity], experiment_id: str | None) -> bool:
        """True when exactly these entities are served for this experiment."""
        return set(self.entities) == set(entities) and self.experiment_id == experiment_id

    @property
    def traffic(self) -> dict[str, int]:
        """Share in percent by served name."""
        return {entity.name: entity.traffic_percentage for entity in self.entities}


@dataclass(frozen=True)
class Wanted:
    """What endpoint and registry should say, who wants it and why.

    experiment_id: the experiment whose traffic it is, None where none runs. aliases: (model,
    version) by alias, None for an alias that should name nothing. generation: of gold.experiments.
    """

    entities: tuple[ServedEntity, ...]
    experiment_id: str | None
    aliases: Mapping[str, tuple[str, int] | None]
    generation: int
    decided_by: str
    cause: str
    decision_id: str | None = None

    @classmethod
    def by(cls, experiment: Experiment, *, generation: int) -> "Wanted":
        """What an experiment wants, as of a generation of gold.experiments."""
        return cls(
            entities=wanted_entities(experiment),
            experiment_id=experiment.experiment_id if experiment.is_running else None,
            aliases=wanted_aliases(experiment),
            generation=generation,
            decided_by=experiment.decided_by,
            cause=experiment.cause,
            decision_id=experiment.decision_id,
        )

    @classmethod
    def alone(cls, champion: Candidate, *, generation: int, by: str) -> "Wanted":
        """What is wanted before the first experiment: one model serves everything."""
        return cls(
            entities=(ServedEntity.of(champion, CHAMPION, 100),),
            experiment_id=None,
            aliases={CHAMPION: (champion.model, champion.version)},
            generation=generation,
            decided_by=by,
            cause="one model only, or the same artifact twice: the champion serves everything",
        )


def wanted_entities(experiment: Experiment) -> tuple[ServedEntity, ...]:
    """The served entities of the experiment's wanted traffic, champion first."""
    if not experiment.is_running:
        return (ServedEntity.of(experiment.winner, CHAMPION, 100),)
    return (
        ServedEntity.of(experiment.champion, CHAMPION, 100 - experiment.stage),
        ServedEntity.of(experiment.challenger, CHALLENGER, experiment.stage),
    )


def wanted_aliases(experiment: Experiment) -> dict[str, tuple[str, int] | None]:
    """Wanted registry aliases as (model, version); `previous_champion` moves only with a
    promotion.
    """
    champion, challenger = (
        (one.model, one.version) for one in (experiment.champion, experiment.challenger)
    )
    if experiment.state == PROMOTED:
        return {CHAMPION: challenger, CHALLENGER: None, PREVIOUS_CHAMPION: champion}
    return {CHAMPION: champion, CHALLENGER: challenger if experiment.is_running else None}
