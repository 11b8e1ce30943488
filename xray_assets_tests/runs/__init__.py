"""Tests of how runs are carried out."""
