"""Folders of films, wherever they lie: on a disk, in S3 or in a zip. Plain Python, no Dagster."""
