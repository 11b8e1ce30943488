"""The record of decisions and how an edit of it shows. The chain is pure; who witnessed it and what
was done on it is read here, never written.
"""
