"""The twins that run on Databricks."""
