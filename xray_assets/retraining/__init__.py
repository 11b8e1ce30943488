"""Retraining: when a model is trained again, on which films, and what a candidate must pass before
anybody sees it. Knows no Dagster; the training itself is `training/`.
"""
