"""Submit feedback from Python. Each function opens the inbox of `settings` (default: of the
environment) and closes it again.

The feedback type is always derived from the logged label and the truth; a type that is given is a
claim that must agree.
"""

import getpass
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from xray_assets.feedback.derive import READ_OF_TRUTH, TYPE_OF_CLAIM
from xray_assets.feedback.fields import FeedbackRefused
from xray_assets.feedback.inbox import InboxUnavailable
from xray_assets.feedback.message import Feedback, compose
from xray_assets.feedback.prediction_log import PredictionLog
from xray_assets.feedback.receiver import FeedbackBatchRefused, FeedbackReceiver, Receipt
from xray_assets.feedback.speaker import speaker
from xray_assets.lake.local import demand_local
from xray_assets.settings import Settings
from xray_assets.web.accounts import Accounts
from xray_assets.web.roles import Account

_ROW = "a row has request_id, radiologist_id and the other arguments of submit_feedback"


def submit_feedback(
    request_id: str,
    feedback_type: str | None = None,
    *,
    token: str | None = None,
    settings: Settings | None = None,
    **fields: Any,
) -> Receipt:
    """Submit one read of a prediction, by at least one of feedback_type, read and ground_truth.

    `fields` are those of `message.Feedback`: radiologist_id, read, ground_truth, blinded,
    confidence, feedback_source, notes, timestamp, feedback_id, reader_role. `blinded`: the film was
    read before the model's answer was shown; unblinded truth counts only where traffic was split
    evenly. `feedback_id` makes a repeat safe: the same id and content give the same receipt and no
    second row. `timestamp` (default: now) is for reads made earlier. `token`: the reader's own,
    which names the reader and the role; who has an account speaks through it alone.

    Raises FeedbackRefused with what to do instead, Unauthenticated, PermissionDenied,
    InboxUnavailable where no stack ever ran from the state folder or its disk refuses; nothing is
    stored then.
    """
    settings = settings or Settings()
    with _receiver(settings) as receiver:
        accounts = Accounts(settings)
        account = None if token is None else accounts.of_token(token)
        fields["radiologist_id"], fields["reader_role"] = speaker(
            accounts, account, fields.get("radiologist_id"), fields.get("reader_role")
        )
        return receiver.submit([compose(request_id, feedback_type, **fields)])[0]


def submit_feedback_batch(
    rows: Iterable[Mapping[str, Any]], *, settings: Settings | None = None
) -> list[Receipt]:
    """Submit many reads in one transaction: all are stored, or none.

    A row is a mapping of `submit_feedback`'s arguments (`frame.iter_rows(named=True)` of a polars
    frame will do; nulls count as not given). Raises FeedbackBatchRefused, which names each bad row,
    and InboxUnavailable as `submit_feedback` does.
    """
    settings = settings or Settings()
    with _receiver(settings) as receiver:
        return receiver.submit(compose_batch(rows, Accounts(settings)))


def quick_feedback(
    request_id: str,
    ai_was_correct: bool,
    actual_diagnosis: str,
    *,
    radiologist_id: str | None = None,
    settings: Settings | None = None,
    **more: Any,
) -> Receipt:
    """Say whether the model was right and what the film shows (`PNEUMONIA` or `NORMAL`); the two
    must fit the logged label.

    The reader is the user of this machine unless named. `more` goes to `submit_feedback`. Raises as
    `submit_feedback` does.
    """
    if not isinstance(ai_was_correct, bool):
        raise FeedbackRefused("ai_was_correct must be True or False")
    if (
        not isinstance(actual_diagnosis, str)
        or actual_diagnosis.strip().upper() not in READ_OF_TRUTH
    ):
        raise FeedbackRefused(f"actual_diagnosis must be one of {', '.join(READ_OF_TRUTH)}")
    truth = actual_diagnosis.strip().upper()
    implied_label = int((truth == "PNEUMONIA") == ai_was_correct)
    return submit_feedback(
        request_id,
        TYPE_OF_CLAIM[implied_label, truth],
        radiologist_id=radiologist_id or getpass.getuser(),
        ground_truth=truth,
        settings=settings,
        **more,
    )


def get_prediction_info(
    request_id: str, *, settings: Settings | None = None
) -> dict[str, Any] | None:
    """What is logged of a request (model, score, label, threshold, status, time), or None. Not for
    readers before their read.
    """
    settings = settings or Settings()
    demand_local(settings, "looking up predictions")
    prediction = PredictionLog(settings).find([request_id]).get(request_id)
    return None if prediction is None else asdict(prediction)


def _receiver(settings: Settings) -> FeedbackReceiver:
    """The receiver of a state folder that somebody reads. A forgotten XRAY_STATE must not make a
    read vanish in a new folder.
    """
    demand_local(settings, "submitting feedback")
    if not (settings.endpoint_folder.exists() or settings.dagster_home.exists()):
        raise InboxUnavailable(
            f"nothing was stored: no stack ever ran from {settings.state}, so nobody would read "
            "the feedback there. Set XRAY_STATE to the folder of the stack that answered the "
            "request (a demo's is .state/demo-<scenario>), or start one with `xray up`"
        )
    return FeedbackReceiver(settings)


def compose_batch(
    rows: Iterable[Mapping[str, Any]], accounts: Accounts, account: Account | None = None
) -> list[Feedback]:
    """Validated feedbacks of a batch that `account` sends (None: Python code on this machine).

    Raises FeedbackBatchRefused, which names each bad row, and PermissionDenied as `speaker`.
    """
    feedbacks, problems = [], []
    for number, row in enumerate(rows):
        given = {name: value for name, value in row.items() if value is not None}
        try:
            given["radiologist_id"], given["reader_role"] = speaker(
                accounts, account, given.get("radiologist_id"), given.get("reader_role")
            )
            feedbacks.append(compose(**given))
        except FeedbackRefused as refusal:
            problems.append((number, str(refusal)))
        except TypeError:
            problems.append((number, f"{_ROW}, not {sorted(row)}"))
    if problems:
        raise FeedbackBatchRefused(problems)
    return feedbacks
