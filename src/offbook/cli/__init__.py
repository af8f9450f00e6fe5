"""The terminal's door. Answers go to stdout, everything said on the way to stderr."""
