"""The reading room's pages, called in this process."""
