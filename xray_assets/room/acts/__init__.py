"""What people decide, from a page or a program: promote, roll back, open, close, withdraw, set the
share. Each goes through `rollout/acts.py`, as the command line does; nothing is decided here.
"""
