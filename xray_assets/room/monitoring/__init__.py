"""The monitoring page: which level each day has, on what evidence, what people said to it, and what
the classical rules would have said.
"""
