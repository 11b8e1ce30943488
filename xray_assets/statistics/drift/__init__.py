"""Drift: what acts (`Monitor`: evidence over days, with a bounded number of false alarms), and the
classical figures that are only shown. Knows arrays and frames; no Dagster, no clock, no table.
"""
