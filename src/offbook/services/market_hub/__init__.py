"""One live market for many sessions: recorded once, read by each at its own place."""
