"""Feeds that came when nobody waited for them any more."""

from __future__ import annotations

import asyncio

from offbook.ports.gateway import MarketFeed

_closing: set[asyncio.Task[None]] = set()


def close_late(opening: asyncio.Future[MarketFeed]) -> None:
    """Close a feed that was opened for nobody any more."""
    if not opening.cancelled() and opening.exception() is None:
        task = asyncio.ensure_future(opening.result().close())
        _closing.add(task)
        task.add_done_callback(_closing.discard)
