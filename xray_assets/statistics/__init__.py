"""Pure statistics on numpy and scipy: metrics, intervals, agreement and the promotion rule.

Nothing here knows Dagster, files, tables or the network, and nothing draws random numbers.
"""
