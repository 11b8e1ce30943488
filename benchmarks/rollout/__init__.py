"""The ramp under crashes."""
