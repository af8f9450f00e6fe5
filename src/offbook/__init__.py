"""Rehearse trading strategies: paper-trading sessions that outlive a crash and replay exactly.

The names below are looked up when they are first used, so that ``from offbook import Strategy``
loads the engine alone: no database, no server, no terminal.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from offbook.engine.strategy import Strategy as Strategy

    __version__: str

_HOME: dict[str, str] = {
    "Strategy": "offbook.engine.strategy",
}
"""Public name -> the module that defines it. Each has its line under TYPE_CHECKING too."""

__all__ = ["Strategy", "__version__"]


def __getattr__(name: str) -> object:
    """Fetch a public name on first use and keep it (PEP 562)."""
    if name == "__version__":
        from importlib.metadata import version

        value: object = version("offbook")
    elif name in _HOME:
        value = getattr(import_module(_HOME[name]), name)
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
