"""Sweeps: the book of results in a file, and worker processes."""
