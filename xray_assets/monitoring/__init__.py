"""Monitoring: features of logged films, the baseline, the judgement of each closed day, and the
response to it. Knows no Dagster and no HTTP; the statistics are `statistics/drift/`.
"""
