"""Sweeps: running the cells, ranking them, and how far to believe the best."""
