"""The head of the decision record, written down in MLflow: outside the lake and outside Dagster."""

from typing import Any

import dagster as dg

from xray_assets.audit.chain import Head, Witness

HEAD_TAG = "decision_record_head"


class DecisionWitness(dg.ConfigurableResource):
    """A tag of the MLflow experiment that is named after the record; the same in both
    deployments.
    """

    tracking_uri: str
    experiment_name: str

    def write(self, head: Head) -> None:
        """Write the head down; the same head again changes nothing."""
        client = self._client()
        experiment = client.get_experiment_by_name(self.experiment_name)
        if experiment is None:
            client.create_experiment(self.experiment_name, tags={HEAD_TAG: str(head)})
        elif experiment.tags.get(HEAD_TAG) != str(head):
            client.set_experiment_tag(experiment.experiment_id, HEAD_TAG, str(head))

    def seen(self) -> list[Witness]:
        """What was written down last; nothing before the first decision."""
        experiment = self._client().get_experiment_by_name(self.experiment_name)
        head = experiment.tags.get(HEAD_TAG) if experiment else None
        return [Witness("MLflow's tag", Head.parse(head))] if head else []

    def _client(self) -> Any:
        from xray_assets.scoring.mlflow_client import import_mlflow, prepare

        prepare(self.tracking_uri)
        return import_mlflow().MlflowClient(self.tracking_uri)
