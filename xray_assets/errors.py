"""The one ancestor of what this project refuses, cannot reach or finds broken.

Its message says what happened and what to do, so the command line shows it without a traceback; any
other exception is a defect, whose traceback is wanted. Errors of a storage are OSErrors too, so
that they are handled as any file's.
"""


class XrayError(Exception):
    """Something that a person can mend; the message says how."""


class StaleWrite(XrayError):
    """Another writer changed the state first: look at it again and decide anew."""
