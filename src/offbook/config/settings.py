"""Where offbook keeps its things."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

DATA_DIR_VARIABLE: Final = "OFFBOOK_DATA_DIR"
ROW_CACHE_VARIABLE: Final = "OFFBOOK_ROW_CACHE"


def data_directory(flag: Path | None, environment: Mapping[str, str] | None = None) -> Path:
    """Where stores are kept: the flag, else ``OFFBOOK_DATA_DIR``, else the platform's place."""
    given = flag or (os.environ if environment is None else environment).get(DATA_DIR_VARIABLE)
    if given:
        return absolute(Path(given))
    from platformdirs import user_data_path

    return user_data_path("offbook", appauthor=False)


def row_cache_directory(environment: Mapping[str, str] | None = None) -> Path | None:
    """Where rows of recordings are kept that cannot be kept beside them; None: nothing is kept.

    That is ``OFFBOOK_ROW_CACHE``: a folder, ``on`` for the platform's place, nothing or ``off``.
    """
    given = (os.environ if environment is None else environment).get(ROW_CACHE_VARIABLE, "")
    if given in {"", "off"}:
        return None
    if given != "on":
        return absolute(Path(given))
    from platformdirs import user_cache_path

    return user_cache_path("offbook", appauthor=False) / "rows"


def absolute(path: Path) -> Path:
    """The path from the root, its user's home filled in; links are left as they are."""
    return Path(os.path.abspath(path.expanduser()))
