"""Each role on Databricks."""
