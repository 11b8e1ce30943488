"""One endpoint as it serves now: an immutable config with its loaded models. A request holds on to
the one it began with.

Choosing the model and falling back live here; HTTP, parsing and logging do not.
"""

from dataclasses import dataclass

import numpy as np

from xray_assets.serving.control.config_document import EndpointConfig
from xray_assets.serving.hot_path.assignment import assigned_to_challenger
from xray_assets.serving.hot_path.served_model import ModelFailed, ServedModel

_PATIENCE_SECONDS = 30.0
"""How long a request waits for a slow champion: nobody can step in for it."""


@dataclass(slots=True)
class Scored:
    """The outcome for one request: who was assigned, who served, and the probabilities (None where
    both failed).
    """

    assigned: ServedModel
    served: ServedModel
    probabilities: list[float] | None
    failure: str | None
    """Why the assigned model did not serve: error, not_a_probability, timeout, breaker."""


class LiveEndpoint:
    """The models of one config, loaded and warm."""

    def __init__(
        self,
        name: str,
        config: EndpointConfig,
        models: list[ServedModel],
        *,
        deadline_seconds: float,
    ) -> None:
        """`models` are [champion] or [champion, challenger], as the config's entities."""
        self.name = name
        self.config = config
        self.models = models
        self._share = config.challenger.traffic_percentage if config.challenger else 0
        self._experiment_id = config.experiment_id or ""
        self._deadline = deadline_seconds

    def assigned(self, routing_key: str) -> ServedModel:
        """The model of this routing key."""
        to_challenger = assigned_to_challenger(self._experiment_id, routing_key, share=self._share)
        return self.models[1] if to_challenger else self.models[0]

    async def score(self, routing_key: str, films: np.ndarray) -> Scored:
        """Score (N, 64, 64) films with the assigned model; the champion steps in when the
        challenger fails.
        """
        model = self.assigned(routing_key)
        champion = self.models[0]
        failure: str | None = None
        if model is not champion:
            if model.breaker.open:
                failure = "breaker"
            else:
                try:
                    scores = await model.probabilities(films, deadline=self._deadline)
                    model.breaker.record(success=True)
                    return Scored(model, model, scores, None)
                except ModelFailed as error:
                    model.breaker.record(success=False)
                    failure = error.reason
        try:
            scores = await champion.probabilities(films, deadline=_PATIENCE_SECONDS)
            return Scored(model, champion, scores, failure)
        except ModelFailed as error:
            return Scored(model, champion, None, failure or error.reason)

    def close(self) -> None:
        """Called when no request of this config is in work any more."""
        for model in self.models:
            model.close()
