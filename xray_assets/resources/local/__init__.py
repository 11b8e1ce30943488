"""Each role on one machine."""
