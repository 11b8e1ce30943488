"""The script that Dagster Pipes runs: films in, one registered model version out.

It runs in its own process (here a subprocess, later a Databricks task), imports `dagster_pipes` and
never `dagster`, and is the only room that loads TensorFlow or PyTorch. It moves no role or alias.
"""
