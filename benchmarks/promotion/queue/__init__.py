"""Simulations of review by a logged policy: what version 3 of the rule reaches, and what each of
its rules is for.
"""
