"""Who calls the feedback API: bearer tokens, and the reader behind a token where the readers' file
names one.

The endpoint's tokens (operator, client) may submit for any reader, look up predictions and see
counts. A reader's own token, kept in `<state>/readers.json` (mode 0600, made by `add_reader`),
submits for that reader alone and carries the role: being an adjudicator comes from the token and
from nowhere else. Readers see no prediction: they read blind.
"""

import hashlib
import hmac
import json
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from xray_assets.contracts.tables.columns import READER_ROLES
from xray_assets.feedback.message import FeedbackRefused
from xray_assets.settings import Settings
from xray_assets.web.refusals import PermissionDenied, Unauthenticated
from xray_assets.web.tokens import client_tokens, operator_token


@dataclass(frozen=True)
class Caller:
    """What a token allows; `radiologist_id` is None for a program that submits for its readers."""

    radiologist_id: str | None = None
    reader_role: str = "reader"

    def reader(self, radiologist_id: str | None, reader_role: str | None) -> tuple[str, str]:
        """(reader, role) of a feedback whose body names these, or not. Raises PermissionDenied or
        FeedbackRefused.
        """
        if reader_role is not None and reader_role.strip().casefold() != self.reader_role:
            raise PermissionDenied(
                "the role comes from the token, not from the body: leave reader_role out"
            )
        if self.radiologist_id is None:
            if radiologist_id is None:
                raise FeedbackRefused("radiologist_id is missing: say who read the film")
            return radiologist_id, self.reader_role
        if radiologist_id is not None and radiologist_id.strip() != self.radiologist_id:
            raise PermissionDenied("this token belongs to another reader: leave radiologist_id out")
        return self.radiologist_id, self.reader_role

    def demand_program(self) -> None:
        """Raise PermissionDenied for a reader: a read that follows the model's answer is no second
        opinion.
        """
        if self.radiologist_id is not None:
            raise PermissionDenied("readers stay blind: ask with a client's token")


class Callers:
    """The accepted tokens. Only their digests are kept."""

    def __init__(self, settings: Settings) -> None:
        """Read the tokens once; a changed token needs a restart."""
        programs = (operator_token(settings), *client_tokens(settings))
        self._known = [(_digest(token), Caller()) for token in programs]
        self._known += [
            (bytes.fromhex(row["token_sha256"]), Caller(row["radiologist_id"], row["reader_role"]))
            for row in _readers(readers_file(settings))
        ]

    def caller(self, authorization: str | None) -> Caller:
        """The caller of an Authorization header. Raises Unauthenticated.

        Every known token is compared, in constant time, whichever matches.
        """
        scheme, _, token = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise Unauthenticated("send the header 'Authorization: Bearer <token>'")
        sent = _digest(token.strip())
        matching = [caller for known, caller in self._known if hmac.compare_digest(sent, known)]
        if not matching:
            raise Unauthenticated("unknown token")
        return matching[0]


def add_reader(settings: Settings, radiologist_id: str, reader_role: str = "reader") -> str:
    """Give a reader a new token and return it; it is shown once, the file keeps its digest.
    Replaces the reader's earlier token.

    The feedback API must be started again to know it.
    """
    if not radiologist_id.strip() or reader_role not in READER_ROLES:
        raise FeedbackRefused(f"a reader has an id and one of the roles {', '.join(READER_ROLES)}")
    path, token = readers_file(settings), secrets.token_hex(32)
    others = [row for row in _readers(path) if row["radiologist_id"] != radiologist_id.strip()]
    row = {
        "radiologist_id": radiologist_id.strip(),
        "reader_role": reader_role,
        "token_sha256": _digest(token).hex(),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump([*others, row], file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    return token


def readers_file(settings: Settings) -> Path:
    """Where the readers' tokens are kept."""
    return settings.state / "readers.json"


def _readers(path: Path) -> list[dict[str, str]]:
    if not path.exists():
        return []
    if path.stat().st_mode & 0o077:
        raise PermissionError(f"{path} can be read by others: chmod 600 {path}")
    try:
        rows = json.loads(path.read_text())
        if not all(
            len(bytes.fromhex(row["token_sha256"])) == 32 and row["radiologist_id"] for row in rows
        ):
            raise ValueError("a row has no reader or no digest")
        if any(row["reader_role"] not in READER_ROLES for row in rows):
            raise ValueError(f"a role is not one of {', '.join(READER_ROLES)}")
    except (ValueError, TypeError, KeyError) as error:
        raise ValueError(
            f"{path} is not a list of readers ({error}): delete it and add the readers again"
        ) from error
    return rows


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
