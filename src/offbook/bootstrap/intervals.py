"""The interval of a stored session's result."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from offbook.bootstrap import make_gateway, read_store
from offbook.domain.session import PaperTradingSession

if TYPE_CHECKING:
    from offbook.services.reporting.full_report import FullReport


async def interval_stored(
    session: PaperTradingSession, store: Path, presets: Mapping[str, str]
) -> FullReport:
    """The full report of a stored session with its interval; see ``add_interval``."""
    from offbook.services.reporting.full_report import read_full_report
    from offbook.services.shadowing.interval import add_interval

    async with read_store(store) as repository:
        report = await read_full_report(session, repository, make_gateway(store))
        return await add_interval(report, session, repository, make_gateway(store), presets)
