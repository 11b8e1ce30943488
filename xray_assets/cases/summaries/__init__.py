"""What the dashboard reads: small tables that are kept up to date from the large ones, each row
counted once. What each one holds is in its contract (`contracts/tables/summaries.py`).
"""
