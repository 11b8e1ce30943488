"""The twins that run on one machine."""
