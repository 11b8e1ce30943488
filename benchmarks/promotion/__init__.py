"""Simulations of the promotion rule."""
