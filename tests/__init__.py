"""Tests; a package, so that suites may share what they import as tests.something."""
