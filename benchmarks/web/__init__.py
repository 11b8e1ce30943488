"""Attacks on running servers: stalled connections, foreign pages in a real browser."""
