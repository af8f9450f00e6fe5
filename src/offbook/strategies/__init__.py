"""Strategies that ship with offbook: examples to read, to run and to begin from."""
