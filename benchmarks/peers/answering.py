"""What every peer's script begins and ends with."""

import importlib.metadata
import json
import sys
import time

import numpy as np


def asked():
    """The work, and its columns by name."""
    work, path = sys.argv[1:3]
    with np.load(path) as file:
        return work, {name: file[name] for name in file.files}


class Clock:
    """How long the work took, by the wall and by the processor."""

    def __init__(self):
        self._began, self._worked = time.perf_counter(), time.process_time()
        self.seconds = self.cpu = 0.0

    def stop(self):
        """The work is done."""
        self.seconds = time.perf_counter() - self._began
        self.cpu = time.process_time() - self._worked


def tell(distribution, clock, fills, equity):
    """Print what was done."""
    told = {"seconds": clock.seconds, "cpu": clock.cpu, "fills": int(fills)}
    version = importlib.metadata.version(distribution)
    print(json.dumps({**told, "equity": float(equity), "version": version}))
