"""Batch scoring of any number of films (`xray score`): the endpoint's decode and model path without
HTTP, in worker processes, into a table that a killed run can be continued on. No Dagster here.
"""
