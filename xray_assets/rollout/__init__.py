"""What should be served now, and why: experiment states, ramp stages, guards. Pure; no Dagster, no
tables, no HTTP.
"""
