"""Reads of predictions: how they are submitted, kept, taken into the lake and turned into a
consensus.

    from xray_assets.feedback import submit_feedback
    submit_feedback(request_id, "true-positive", radiologist_id="DR001")

The names below are loaded on first use, so importing this package costs nothing. Dagster is not
known here.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from xray_assets.feedback.counts import get_feedback_stats as get_feedback_stats
    from xray_assets.feedback.fields import FeedbackRefused as FeedbackRefused
    from xray_assets.feedback.submission import get_prediction_info as get_prediction_info
    from xray_assets.feedback.submission import quick_feedback as quick_feedback
    from xray_assets.feedback.submission import submit_feedback as submit_feedback
    from xray_assets.feedback.submission import submit_feedback_batch as submit_feedback_batch

_HOMES = {
    "FeedbackRefused": "fields",
    "get_feedback_stats": "counts",
    "get_prediction_info": "submission",
    "quick_feedback": "submission",
    "submit_feedback": "submission",
    "submit_feedback_batch": "submission",
}


def __getattr__(name: str) -> Any:
    """Load a public name from the module it lives in."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
