"""Configurations in few words."""

from __future__ import annotations

from enum import Enum

import msgspec


def brief(value: object) -> str:
    """A value without what it leaves as usual."""
    if not isinstance(value, msgspec.Struct):
        return str(value) if isinstance(value, Enum) else repr(value)
    told = []
    for field in msgspec.structs.fields(value):
        own = getattr(value, field.name)
        usual = field.default
        if field.default_factory is not msgspec.NODEFAULT:
            usual = field.default_factory()
        if own != usual:
            told.append(f"{field.name}={brief(own)}")
    return f"{type(value).__name__}({', '.join(told)})"
