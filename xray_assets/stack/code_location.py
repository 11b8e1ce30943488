"""Reads workspace.yaml's code location, so that webserver and daemon can share one code server."""

from dataclasses import dataclass
from pathlib import Path

from xray_assets.errors import XrayError


@dataclass(frozen=True)
class CodeLocation:
    """A code location: its name, and the arguments that make `dagster api grpc` serve it."""

    name: str
    arguments: tuple[str, ...]

    @property
    def modules(self) -> tuple[str, ...]:
        """The modules that make it: what a run of it imports."""
        kind, target, *_ = self.arguments
        return (target,) if kind == "--module-name" else ()

    def shared_workspace(self, socket: Path) -> str:
        """A workspace file (YAML) that finds the location at a running code server's socket."""
        server = f"{{host: localhost, socket: '{socket}', location_name: {self.name}}}"
        return f"load_from:\n  - grpc_server: {server}\n"


def code_location(workspace: Path) -> CodeLocation:
    """The code location of a workspace file: one `python_module` or one `python_file`.

    Raises ValueError for any other content.
    """
    import yaml

    targets = (yaml.safe_load(workspace.read_text()) or {}).get("load_from", [])
    if len(targets) != 1 or not isinstance(targets[0], dict) or len(targets[0]) != 1:
        raise XrayError(f"{workspace} must name exactly one code location")
    (kind, target), *_ = targets[0].items()
    if isinstance(target, str):
        target = {"module_name" if kind == "python_module" else "relative_path": target}
    if kind == "python_module":
        default_name = target["module_name"]
        arguments = ["--module-name", target["module_name"]]
    elif kind == "python_file":
        default_name = target["relative_path"]
        arguments = ["--python-file", str(workspace.resolve().parent / target["relative_path"])]
    else:
        raise XrayError(f"{workspace}: write a python_module or a python_file, not {kind}")
    name = target.get("location_name", default_name)
    if attribute := target.get("attribute"):
        arguments += ["--attribute", attribute]
    return CodeLocation(name, (*arguments, "--location-name", name))
