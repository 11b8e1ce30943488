"""The one error of the Databricks twins until their calls are written."""

from xray_assets.errors import XrayError


class NotYetOnDatabricks(XrayError):
    """The graph loads with XRAY_DEPLOYMENT=databricks, but this call is not connected yet."""

    def __init__(self, call: str) -> None:
        """Name the call that was tried."""
        super().__init__(
            f"{call} is not connected to Databricks yet: the definitions load there, the calls "
            "come with a later release. "
            "Run with XRAY_DEPLOYMENT=local."
        )
