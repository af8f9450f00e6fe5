"""What every test may rely on: how hypothesis searches."""

import os

import pytest
from hypothesis import settings

# A machine shared with others is no judge of speed, hence no deadline. A failure prints the blob
# that brings it back with @reproduce_failure.
settings.register_profile("default", deadline=None, print_blob=True)
# The same examples in every run: a change that breaks nothing is never stopped by luck.
settings.register_profile("ci", deadline=None, print_blob=True, derandomize=True, database=None)
settings.load_profile("ci" if os.environ.get("CI") else "default")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Show what tests have to say of their run, also where workers ran them."""
    for outcome in ("passed", "failed"):
        for report in terminalreporter.getreports(outcome):
            for name, value in report.user_properties:
                if name == "summary" and report.when == "call":
                    terminalreporter.write_line(str(value))
