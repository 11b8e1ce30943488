"""The daily report: what the dashboard shows and what happened on a day, as one file that needs
nothing else; printed to PDF, sent where the settings say. It names no case and no patient.
"""
