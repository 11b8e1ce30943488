"""Simulated days: the pool of films, who comes, who reads, and what goes wrong."""
