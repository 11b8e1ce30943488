"""Which models gave or may give an embedding of a request: those of the config that answered it."""

from collections.abc import Callable
from dataclasses import dataclass, field

import polars as pl

from xray_assets.catalog import CHALLENGER, CHAMPION, ENDPOINT_CONFIG
from xray_assets.contracts.tables.film_features import ARTIFACT_UNREADABLE, NO_EMBEDDING
from xray_assets.lake.tables import Tables
from xray_assets.scoring.artifact import ArtifactError
from xray_assets.scoring.registered import RegistryError
from xray_assets.scoring.session import OnnxClassifier

LoadModel = Callable[[str, int, str], OnnxClassifier]
"""A registered version (model, version, digest of its artifact), verified and loaded; raises
ArtifactError and RegistryError where it is lost or changed.
"""

ARTIFACTS = {CHAMPION: "artifact_sha256", CHALLENGER: "challenger_sha256"}
"""Columns of gold.film_features by role."""


@dataclass(frozen=True)
class Models:
    """Of some configs: `artifacts` has `config_version` and the columns ARTIFACTS; `classifiers`
    those that give an embedding, and `problems` why the others give none, by digest.
    """

    artifacts: pl.DataFrame
    classifiers: dict[str, OnnxClassifier] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)


def models_of(tables: Tables, config_versions: pl.Series, load: LoadModel) -> Models:
    """The models of these configs, as far as their configs are known and their artifacts whole."""
    asked = pl.col("config_version").is_in(config_versions.unique().implode())
    entities = tables.read(ENDPOINT_CONFIG).filter(asked).collect()
    of_roles = [
        pl.col("artifact_sha256").filter(pl.col("role") == role).first().alias(column)
        for role, column in ARTIFACTS.items()
    ]
    models = Models(entities.group_by("config_version").agg(of_roles))
    named = entities.select("model_name", "model_version", "artifact_sha256")
    for model, version, artifact in named.unique("artifact_sha256").iter_rows():
        try:
            classifier = load(model, version, artifact)
        except (ArtifactError, RegistryError):
            models.problems[artifact] = ARTIFACT_UNREADABLE
            continue
        if classifier.artifact.gives_embedding:
            models.classifiers[artifact] = classifier
        else:
            models.problems[artifact] = NO_EMBEDDING
    return models
