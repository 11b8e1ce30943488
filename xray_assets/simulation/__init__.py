"""Simulated days through the real paths: traffic, readers and changes of the films, in a state of
their own (`xray simulate`).
"""
