"""Suspending: sessions stay as they are in the store, and everything held for them is released."""

from __future__ import annotations

import asyncio

import structlog

from offbook.domain.errors import OffbookError
from offbook.services.paper_trading.messages import Suspend
from offbook.services.paper_trading.recovering import Recovery
from offbook.services.paper_trading.registry import Registry, tell
from offbook.services.paper_trading.session_host import SessionHost

_log = structlog.get_logger(__name__)


async def suspend_all(registry: Registry, recovery: Recovery) -> None:
    """Suspend every session and wait for whatever else is under way. Used on the owner loop."""
    registry.closing.set()
    recovery.cancel()
    await asyncio.gather(*(_suspend(registry, host) for host in list(registry.hosts.values())))
    await registry.loop.drain()


async def _suspend(registry: Registry, host: SessionHost) -> None:
    if host.start_task is not None and not host.start_task.done():
        host.start_task.cancel()
        await asyncio.wait({host.start_task})
    runner = registry.active.get(host.id)
    if runner is not None and host.retiring is None:
        try:
            await tell(runner, "suspend", Suspend())
        except OffbookError as error:
            # What could not be stored did not happen; the next boot makes it again.
            _log.warning("suspended_unsaved", session_id=host.id, error=str(error))
    await registry.retire(host)
