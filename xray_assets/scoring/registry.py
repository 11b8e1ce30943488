"""The model registry as plain Python: versions, their serving artifacts, and aliases.

Used by the Dagster resource, the endpoint and the CLI; it knows neither Dagster nor roles. What an
alias should point to is decided elsewhere (`gold.experiments`) and reconciled here.

    python -m xray_assets.scoring.registry fetch MODEL VERSION
"""

import argparse
import json
import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from xray_assets.scoring.aliases import AliasHeld, ModelVersion, alias_changes
from xray_assets.scoring.artifact import ArtifactError, ServingArtifact
from xray_assets.scoring.mlflow_client import (
    figures_of_run,
    import_mlflow,
    parameters_of_run,
    prepare,
)
from xray_assets.scoring.registered import (
    IDENTITY_TAGS,
    SERVING_FOLDER,
    RegisteredVersion,
    RegistryError,
)

ARTIFACTS_FOLDER = "artifacts"
"""Folder of MLflow's artifacts, beside its database."""


class ModelRegistry:
    """The registry at `tracking_uri`; artifacts fetched from it are kept in `cache` by digest."""

    def __init__(self, tracking_uri: str, cache: Path) -> None:
        self.tracking_uri = tracking_uri
        self.cache = cache

    def latest(self, model_name: str) -> RegisteredVersion | None:
        """The newest version; None when the model has none."""
        return next(self._newest_first(model_name), None)

    def versions(self, model_name: str) -> list[RegisteredVersion]:
        """Every version, newest first. Raises RegistryError where training did not make one."""
        return list(self._newest_first(model_name))

    def figures(self, run_id: str) -> dict[str, float]:
        """What a training's run measured; nothing where MLflow has the run no more."""
        return figures_of_run(self._client, run_id)

    def parameters(self, run_id: str) -> dict[str, str]:
        """What a training's run was set to; nothing where MLflow has the run no more."""
        return parameters_of_run(self._client, run_id)

    def version(self, model_name: str, version: int | str) -> RegisteredVersion:
        """One version. Raises RegistryError when it does not exist or was not made by training."""
        from mlflow.exceptions import MlflowException

        try:
            found = self._client.get_model_version(model_name, str(int(version)))
        except MlflowException as error:
            if error.error_code != "RESOURCE_DOES_NOT_EXIST":
                raise
            raise RegistryError(
                f"the registry has no version {version} of {model_name}; train it first "
                "(materialize the classifier) or name another"
            ) from error
        return RegisteredVersion.of(found)

    def fetch(self, model_name: str, version: int | str) -> ServingArtifact:
        """The version's serving artifact, verified against its tag, in the cache.

        Raises RegistryError for an unknown version and ArtifactError when the stored bytes are not
        the registered ones.
        """
        registered = self.version(model_name, version)
        wanted = self.cache / registered.artifact_sha256
        if wanted.is_dir():
            try:
                return ServingArtifact.load(wanted, expected_sha256=registered.artifact_sha256)
            except ArtifactError:
                shutil.rmtree(wanted)  # damaged on this disk: the registry has the original
        self.cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self.cache, prefix=".fetch-") as temporary:
            folder = self._download(registered, Path(temporary))
            ServingArtifact.load(folder, expected_sha256=registered.artifact_sha256)
            try:
                folder.rename(wanted)
            except OSError:
                if not wanted.is_dir():  # else another process was first, with the same content
                    raise
        return ServingArtifact.load(wanted, expected_sha256=registered.artifact_sha256)

    def aliases(self, model_names: Iterable[str]) -> dict[str, ModelVersion]:
        """Which version each alias names. Raises RegistryError when two models hold one alias."""
        found: dict[str, ModelVersion] = {}
        for held in self._held(model_names):
            if held.alias in found:
                raise RegistryError(
                    f"alias {held.alias} is on {found[held.alias][0]} and on {held.model_name}: "
                    "materialize gold/endpoint_config, which reconciles the aliases"
                )
            found[held.alias] = (held.model_name, held.version)
        return found

    def reconcile_aliases(
        self, desired: Mapping[str, tuple[str, int | str] | None], model_names: Iterable[str]
    ) -> list[str]:
        """Make each alias in `desired` name exactly that version (None: no version).

        Idempotent; see `alias_changes`. Returns what was changed, in words. Raises RegistryError,
        and changes nothing, when a wanted version does not exist.
        """
        wanted = {
            alias: (target[0], int(target[1])) if target else None
            for alias, target in desired.items()
        }
        for target in wanted.values():
            if target:
                self.version(*target)
        changes = alias_changes(self._held(model_names), wanted)
        for new in changes.to_set:
            self._client.set_registered_model_alias(new.model_name, new.alias, str(new.version))
        for stale in changes.to_delete:
            self._client.delete_registered_model_alias(stale.model_name, stale.alias)
        return changes.in_words()

    def set_tags(self, model_name: str, version: int | str, tags: Mapping[str, str]) -> None:
        """Set tags of one version; the digest, family and threshold are not for changing."""
        if fixed := IDENTITY_TAGS & tags.keys():
            raise RegistryError(f"the tags {sorted(fixed)} identify a version and never change")
        for key, value in tags.items():
            self._client.set_model_version_tag(model_name, str(int(version)), key, value)

    def _newest_first(self, model_name: str) -> Iterator[RegisteredVersion]:
        found = self._client.search_model_versions(f"name = '{model_name}'")
        return map(RegisteredVersion.of, sorted(found, key=lambda one: -int(one.version)))

    def _held(self, model_names: Iterable[str]) -> list[AliasHeld]:
        from mlflow.exceptions import MlflowException

        held = []
        for name in model_names:
            try:
                model = self._client.get_registered_model(name)
            except MlflowException as error:
                if error.error_code == "RESOURCE_DOES_NOT_EXIST":
                    continue  # not trained yet: no alias
                raise
            held += [AliasHeld(name, alias, int(v)) for alias, v in model.aliases.items()]
        return held

    def _download(self, registered: RegisteredVersion, destination: Path) -> Path:
        mlflow = import_mlflow()
        name, version = registered.model_name, registered.version
        uri = self._here(self._client.get_model_version_download_uri(name, str(version)))
        local = mlflow.artifacts.download_artifacts(
            artifact_uri=f"{uri.rstrip('/')}/artifacts/{SERVING_FOLDER}",
            dst_path=str(destination),
            tracking_uri=self.tracking_uri,
        )
        return Path(local)

    def _here(self, uri: str) -> str:
        """MLflow keeps absolute places; those of a state that was moved or copied are its own."""
        if not self.tracking_uri.startswith("sqlite:///"):
            return uri
        own = Path(self.tracking_uri.removeprefix("sqlite:///")).parent
        _, found, rest = uri.rpartition(f"/{own.name}/{ARTIFACTS_FOLDER}/")
        place = own / ARTIFACTS_FOLDER / unquote(rest)
        return place.as_uri() if found and place.exists() else uri

    @cached_property
    def _client(self) -> Any:
        mlflow = import_mlflow()
        prepare(self.tracking_uri)
        return mlflow.MlflowClient(self.tracking_uri, self.tracking_uri)


def main(arguments: list[str] | None = None) -> int:
    """`fetch MODEL VERSION` prints {"folder", "sha256"} of the cached artifact as JSON."""
    parser = argparse.ArgumentParser(prog="python -m xray_assets.scoring.registry")
    fetch = parser.add_subparsers(required=True).add_parser("fetch")
    fetch.add_argument("model", help="full name, for example <catalog>.models.<name>")
    fetch.add_argument("version", type=int)
    chosen = parser.parse_args(arguments)

    from xray_assets.settings import Settings

    settings = Settings()
    registry = ModelRegistry(settings.mlflow_uri, settings.artifact_cache)
    try:
        artifact = registry.fetch(chosen.model, chosen.version)
    except (RegistryError, ArtifactError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    answer = {"folder": str(artifact.folder), "sha256": artifact.sha256}
    sys.stdout.write(json.dumps(answer) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
