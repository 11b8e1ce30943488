"""Pure statistics on numpy: metrics, intervals, agreement.

Nothing here knows Dagster, files, tables or the network, and nothing draws random numbers.
"""
