"""Where offbook keeps its things."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

DATA_DIR_VARIABLE: Final = "OFFBOOK_DATA_DIR"


def data_directory(flag: Path | None, environment: Mapping[str, str] | None = None) -> Path:
    """Where stores are kept: the flag, else ``OFFBOOK_DATA_DIR``, else the platform's place."""
    given = flag or (os.environ if environment is None else environment).get(DATA_DIR_VARIABLE)
    if given:
        return absolute(Path(given))
    from platformdirs import user_data_path

    return user_data_path("offbook", appauthor=False)


def absolute(path: Path) -> Path:
    """The path from the root, its user's home filled in; links are left as they are."""
    return Path(os.path.abspath(path.expanduser()))
