"""What every test may rely on: how hypothesis searches."""

import os

from hypothesis import settings

# A machine shared with others is no judge of speed, hence no deadline. A failure prints the blob
# that brings it back with @reproduce_failure.
settings.register_profile("default", deadline=None, print_blob=True)
# The same examples in every run: a change that breaks nothing is never stopped by luck.
settings.register_profile("ci", deadline=None, print_blob=True, derandomize=True, database=None)
settings.load_profile("ci" if os.environ.get("CI") else "default")
