"""Every setting of the project, and every knob of a training.

`every` is the table of settings, `places` what follows from them (folders, URLs), `written` how
people write some of them, `training_plan` what a training process is given.
"""

from xray_assets.settings.every import OTHER_VARIABLES, PROJECT
from xray_assets.settings.places import Settings

__all__ = ["OTHER_VARIABLES", "PROJECT", "Settings"]
