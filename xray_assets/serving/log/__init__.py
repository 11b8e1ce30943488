"""The inference log: written by the endpoint, read by everybody else."""
