"""How far a session is, for those who look on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from offbook.services.paper_trading.last_prices import last_prices
from offbook.services.paper_trading.messages import Progress

if TYPE_CHECKING:
    from offbook.domain.session import PaperTradingSession
    from offbook.engine.processing_engine import ProcessingEngine
    from offbook.services.paper_trading.row_reader import SessionRows

_PRICE_ROWS: Final = 64
"""Rows looked back at for last prices, when somebody asks: enough to meet every lively source."""


def progress_of(
    engine: ProcessingEngine,
    rows: SessionRows,
    committed: PaperTradingSession,
    *,
    rows_total: int | None,
    speed: str | None,
) -> Progress:
    """Where the engine is in its market, and what the last rows there say of prices."""
    return Progress(
        status=engine.status,
        cursor=engine.cursor,
        committed=committed.cursor,
        now=engine.now,
        last_seq=engine.last_seq,
        rows=rows_total,
        speed=speed,
        summary=engine.summary(),
        prices=last_prices(rows.before(engine.cursor.row, _PRICE_ROWS)),
        late_rows=None if rows.live is None else rows.live.late,
    )
