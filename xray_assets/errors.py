"""The one ancestor of what this project refuses, cannot reach or finds broken.

Its message says what happened and what to do, so the command line shows it without a traceback; any
other exception is a defect, whose traceback is wanted. Errors of a storage are OSErrors too, so
that they are handled as any file's. Here are also the two that several rooms raise.
"""


class XrayError(Exception):
    """Something that a person can mend; the message says how."""


class StaleWrite(XrayError):
    """Another writer changed the state first: look at it again and decide anew."""


class NotYetOnDatabricks(XrayError):
    """The graph loads with XRAY_DEPLOYMENT=databricks, but this call is not connected yet."""

    def __init__(self, call: str) -> None:
        """Name the call that was tried."""
        super().__init__(
            f"{call} is not connected to Databricks yet: the definitions load there, the calls "
            "come with a later release. "
            "Run with XRAY_DEPLOYMENT=local."
        )
