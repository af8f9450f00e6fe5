"""What every peer's script begins and ends with."""

import importlib.metadata
import json
import sys

import numpy as np


def asked():
    """The work, and its columns by name."""
    work, path = sys.argv[1:3]
    with np.load(path) as file:
        return work, {name: file[name] for name in file.files}


def tell(distribution, seconds, fills, equity):
    """Print what was done."""
    version = importlib.metadata.version(distribution)
    told = {"seconds": seconds, "fills": int(fills), "equity": float(equity), "version": version}
    print(json.dumps(told))
