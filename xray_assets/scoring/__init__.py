"""The serving artifact and the one way to score it: shared by training, serving, shadow scoring and
batches.
"""
