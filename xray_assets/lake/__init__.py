"""The tables of the lake: what they promise, and Delta on a disk or S3. What Dagster makes of them
is in `resources/`, so that a process without Dagster reads and writes them too.
"""
