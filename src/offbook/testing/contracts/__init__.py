"""One suite per port, which every implementation passes; each is a class to derive a test from."""
