"""A chest X-ray classifier, replaced safely: one Dagster lineage from films to a promotion decision
that is acted on.

Start reading at `definitions.py`. This package re-exports nothing: import the module you need.
"""
