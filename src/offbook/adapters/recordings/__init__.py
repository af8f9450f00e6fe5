"""Recordings of live markets on disk."""
