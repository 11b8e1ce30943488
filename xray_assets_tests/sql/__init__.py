"""Tests of the sql room."""
