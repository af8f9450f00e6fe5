"""Enumerations that are looked up a lot."""

from __future__ import annotations

import enum


class Named(enum.Enum):
    """An enumeration whose members are hashed as the one object that each of them is.

    ``enum.Enum`` hashes the name, in Python code, which dicts and sets of states call all the time.
    """

    __hash__ = object.__hash__
