"""The record, to be looked at: models, experiments, decisions, deployments, and when what happened.
Nothing here changes anything.
"""
