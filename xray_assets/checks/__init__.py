"""What Dagster makes of a table's contract: a check, metadata, column lineage."""
