"""The market as an engine knows it: bars built from it, statuses, and which hours it is."""
