"""The callbacks that a strategy may define."""

from __future__ import annotations

from typing import Final

TICK_CALLBACKS: Final = ("on_quote", "on_trade", "on_depth")
ROW_CALLBACKS: Final = (*TICK_CALLBACKS, "on_bar")
CALLBACKS: Final = (
    "on_start",
    *ROW_CALLBACKS,
    "on_status",
    "on_order",
    "on_fill",
    "on_account",
    "on_timer",
    "on_pause",
    "on_resume",
    "on_stop",
)
