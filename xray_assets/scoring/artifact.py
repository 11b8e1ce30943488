"""The serving artifact: one folder that any process can verify and score without an ML framework.

`model.onnx` (one file, weights inside) and `serving.json` (threshold, preprocessing version,
digests). No pickle, no code. Format 2 differs in one thing: the network also gives the numbers
before its last layer, which monitoring compares. Artifacts of format 1 stay valid.
"""

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path

from xray_assets.catalog import EMBEDDING_SIZE
from xray_assets.errors import XrayError

ONNX_FILE, MANIFEST_FILE = "model.onnx", "serving.json"
INPUT_NAME, OUTPUT_NAME, EMBEDDING_NAME = "films", "probability", "embedding"
PROBABILITY_ALONE, WITH_EMBEDDING = FORMATS = (1, 2)
MAX_ONNX_BYTES = 64 * 1024 * 1024
"""Both families' network is about 3 MB; anything near this limit is not one of them."""


class ArtifactError(XrayError):
    """A serving artifact is missing, malformed, or not what its digest says."""


@dataclass(frozen=True)
class ServingArtifact:
    """A verified serving artifact on disk."""

    folder: Path
    onnx_sha256: str
    threshold: float
    preprocessing_version: str
    family: str
    opset: int
    format: int = PROBABILITY_ALONE

    @property
    def onnx_path(self) -> Path:
        """The ONNX file."""
        return self.folder / ONNX_FILE

    @property
    def outputs(self) -> dict[str, list[int]]:
        """What the network gives, by name: the shape of it, behind the number of films."""
        if self.format == PROBABILITY_ALONE:
            return {OUTPUT_NAME: []}
        return {OUTPUT_NAME: [], EMBEDDING_NAME: [EMBEDDING_SIZE]}

    @property
    def gives_embedding(self) -> bool:
        """Whether the network gives one."""
        return EMBEDDING_NAME in self.outputs

    @property
    def sha256(self) -> str:
        """Identity of what is served: the network, its threshold and its preprocessing."""
        identity = f"{self.onnx_sha256}|{self.threshold!r}|{self.preprocessing_version}"
        return hashlib.sha256(identity.encode()).hexdigest()

    @classmethod
    def write(
        cls,
        folder: Path,
        *,
        onnx: bytes,
        threshold: float,
        preprocessing_version: str,
        family: str,
        opset: int,
        embedding: bool = False,
    ) -> "ServingArtifact":
        """Write the folder and return the artifact; `embedding`: the network gives one. Raises
        ArtifactError for a threshold outside (0, 1).
        """
        format_ = WITH_EMBEDDING if embedding else PROBABILITY_ALONE
        artifact = cls(
            folder, _digest(onnx), float(threshold), preprocessing_version, family, opset, format_
        )
        artifact._validate()
        folder.mkdir(parents=True, exist_ok=True)
        artifact.onnx_path.write_bytes(onnx)
        manifest = {key: value for key, value in asdict(artifact).items() if key != "folder"}
        manifest["input"] = {"name": INPUT_NAME, "dtype": "float32", "shape": [-1, 64, 64]}
        manifest["outputs"] = [
            {"name": name, "dtype": "float32", "shape": [-1, *sizes]}
            for name, sizes in artifact.outputs.items()
        ]
        (folder / MANIFEST_FILE).write_text(json.dumps(manifest, indent=1))
        return artifact

    @classmethod
    def load(cls, folder: Path, *, expected_sha256: str | None = None) -> "ServingArtifact":
        """Read and verify the folder.

        Raises ArtifactError when a file is missing or malformed, when the ONNX bytes are not those
        of the manifest, or when the artifact is not the one named by `expected_sha256`.
        """
        try:
            manifest = json.loads((folder / MANIFEST_FILE).read_text())
            size = (folder / ONNX_FILE).stat().st_size
            if size > MAX_ONNX_BYTES:
                raise ArtifactError(
                    f"{ONNX_FILE} in {folder.name} has {size} bytes, over {MAX_ONNX_BYTES}"
                )
            onnx = (folder / ONNX_FILE).read_bytes()
        except (OSError, json.JSONDecodeError) as error:
            raise ArtifactError(f"{folder.name} is no serving artifact: {error}") from error
        fields = cls.__dataclass_fields__.keys() - {"folder"}
        if missing := fields - manifest.keys():
            raise ArtifactError(f"{MANIFEST_FILE} in {folder.name} lacks {sorted(missing)}")
        artifact = cls(folder, **{field: manifest[field] for field in fields})
        artifact._validate()
        if _digest(onnx) != artifact.onnx_sha256:
            raise ArtifactError(
                f"{ONNX_FILE} in {folder.name} was changed after it was written (SHA-256 differs)"
            )
        if expected_sha256 and artifact.sha256 != expected_sha256:
            raise ArtifactError(
                f"{folder.name} holds artifact {artifact.sha256[:12]}, not {expected_sha256[:12]}"
            )
        return artifact

    def _validate(self) -> None:
        if self.format not in FORMATS:
            raise ArtifactError(
                f"artifact format {self.format} is none of {FORMATS}: train with this version"
            )
        if not 0 < self.threshold < 1:
            raise ArtifactError(f"threshold {self.threshold} is not between 0 and 1")


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
