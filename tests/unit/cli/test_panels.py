"""The live screen, line by line, without a terminal."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from tests.rehearsal import session_of
from tests.stage import wave

from offbook.cli.chart import Mark, Trace
from offbook.cli.panels import Scene, event_line, screen
from offbook.domain import records as r
from offbook.domain.market_data import Cursor
from offbook.domain.orders import (
    CancelReason,
    OrderSide,
    OrderStatus,
    OrderType,
    OrderView,
    TimeInForce,
)
from offbook.domain.session import SessionStatus, SessionSummary
from offbook.domain.values import Amount
from offbook.services.paper_trading.messages import Progress

SECOND = 1_000_000_000
ORDER = OrderView(
    client_order_id="S-1",
    order_id=None,
    symbol="BTCUSDT",
    side=OrderSide.BUY,
    order_type=OrderType.LIMIT,
    time_in_force=TimeInForce.GTC,
    order_status=OrderStatus.NEW,
    order_qty="1",
    cum_qty="0",
    leaves_qty="1",
    price="99.5",
    avg_px=None,
    fees="0",
    reduce_only=False,
    submitted_ts=0,
)


class StopOrderView(OrderView, frozen=True, kw_only=True):
    """An order of a type that names another price."""

    stop_px: str | None = None


def scene(**changes: Any) -> Scene:
    """A session on its way."""
    amount = Amount.parse("1000")
    progress = Progress(
        status=SessionStatus.RUNNING,
        cursor=Cursor(row=50, ts=SECOND),
        committed=Cursor(),
        now=SECOND,
        last_seq=9,
        rows=100,
        summary=SessionSummary(
            cash=amount, equity=amount, fees=Amount(0), realized=Amount(0), open_orders=1
        ),
    )
    price = Trace()
    for ts in range(60):
        price.add(ts, 100 + ts % 7)
    whole: dict[str, Any] = {
        "session": session_of(wave()),
        "progress": progress,
        "pace": "59x",
        "prices": {"BTCUSDT": price},
        "equity": Trace(),
        "marks": {"BTCUSDT": [Mark(30, 103.0, 1)]},
        "orders": [ORDER],
        "said": [f"event {n}" for n in range(20)],
    }
    return Scene(**{**whole, **changes})


@pytest.mark.parametrize("size", [(80, 24), (60, 12), (200, 60), (80, 7)])
def test_a_screen_has_exactly_the_lines_that_there_are(size: tuple[int, int]) -> None:
    """Title first, keys last, nothing wider, whatever there is to tell."""
    width, height = size
    for shown in (scene(), scene(prices={}, orders=[], said=[]), scene(orders=[ORDER] * 50)):
        lines = screen(shown, width, height).plain.split("\n")
        assert len(lines) == height
        assert max(map(len, lines)) <= width
        assert lines[-1].startswith(" p pause")


def test_every_instrument_has_a_chart_of_its_own() -> None:
    """One below the other, each with its last price."""
    first, second = Trace(), Trace()
    first.add(0, 100.0)
    second.add(0, 7.5)
    text = screen(scene(prices={"AAA": first, "BBB": second}), 80, 24).plain
    assert text.index("AAA 100") < text.index("BBB 7.5")


def test_an_order_of_any_type_shows_the_prices_that_it_names() -> None:
    """A type that comes later needs no change here."""
    stop = StopOrderView(**{**msgspec.structs.asdict(ORDER), "stop_px": "101"})
    text = screen(scene(orders=[ORDER, stop]), 80, 24).plain
    assert "working buy 1 BTCUSDT limit at 99.5  S-1" in text
    assert "at 99.5 stop 101" in text


def test_finished_orders_are_not_working() -> None:
    """Although they are among the session's orders."""
    filled = msgspec.structs.replace(ORDER, order_status=OrderStatus.FILLED)
    assert " working buy" not in screen(scene(orders=[filled]), 80, 24).plain


def test_records_are_told_in_a_few_words() -> None:
    """Those that say little are left out."""
    canceled = r.OrderCanceled(seq=1, ts=61 * SECOND, order=3, reason=CancelReason.REQUESTED, due=0)
    assert event_line(canceled, {}) == "00:01:01 order canceled #3 (requested)"
    paused = r.SessionPaused(seq=2, ts=SECOND, row=1, reason="end_of_data", orders="keep")  # type: ignore[arg-type] # any value will do
    assert event_line(paused, {}) == "00:00:01 session paused (end_of_data)"
    assert event_line(r.TimerCanceled(seq=3, ts=SECOND, name="x"), {}) is None


def test_what_is_said_at_length_is_broken_and_not_cut() -> None:
    """Such as the place of a callback that does not return; and the newest words are kept."""
    words = " ".join(f"word{n}" for n in range(30))
    text = screen(scene(said=["before", words]), 80, 24).plain
    assert all(f"word{n}" in text for n in range(30))
