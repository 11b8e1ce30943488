"""Drift: what acts (`Monitor`: evidence over days, with a bounded number of false alarms), and the
classical figures that are only shown. Knows arrays and frames; no Dagster, no clock, no table.
"""

from xray_assets.statistics.drift.day import Day
from xray_assets.statistics.drift.levels import Level
from xray_assets.statistics.drift.monitor import Monitor

__all__ = ["Day", "Level", "Monitor"]
