"""Notices: what leaves the house by e-mail or webhook, each to each address once. Knows no tables,
models or Dagster.
"""
