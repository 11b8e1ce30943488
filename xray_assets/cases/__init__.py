"""From logged predictions and reads to the counts of a decision. Pure polars; no Dagster, no
tables, no models.
"""
