"""Monitoring on simulated worlds: what it finds, how soon, and how often it cries wolf."""
