"""The reading room under its readers."""
