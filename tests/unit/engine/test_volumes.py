"""What a session has traded in 30 days, of all and of some instruments, against a plain sum."""

from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from offbook.domain.calendars import DAY_NS
from offbook.engine.account.volumes import TradedVolumes

SYMBOLS = ("ABC", "BTCUSDT", "XYZ")


class Fill(msgspec.Struct):
    """What counts of a fill."""

    ts: int
    symbol: str
    conversion: None = None


class Market(msgspec.Struct):
    instruments: tuple[str, ...]


class Attached(msgspec.Struct):
    market: Market


fills = st.lists(
    st.tuples(st.integers(0, 20), st.sampled_from(SYMBOLS), st.integers(1, 10**30)), max_size=30
)


@given(fills, st.sets(st.sampled_from(SYMBOLS)), st.integers(0, 40))
def test_the_volume_of_some_is_what_was_traded_of_them(
    made: list[tuple[int, str, int]], some: set[str], later: int
) -> None:
    """In the 30 days before the day, whatever was forgotten since."""
    volumes: Any = TradedVolumes()
    attached = Attached(Market(SYMBOLS))
    day, told = 20_000, []
    for days, symbol, value in made:
        day += days
        volumes.add(Fill(day * DAY_NS + 5, symbol), value, attached)
        told.append((day, symbol, value))
    today = day + later
    counted = [one for one in told if today - 30 <= one[0] < today]
    ts = today * DAY_NS + 7
    assert volumes.before(ts) == sum(value for _, _, value in counted)
    of_some = sum(value for _, symbol, value in counted if symbol in some)
    assert volumes.before_of(some, ts) == of_some


def test_one_instrument_is_not_counted_apart() -> None:
    """Its volume is all there is."""
    volumes: Any = TradedVolumes()
    volumes.add(Fill(5, "XYZ"), 7, Attached(Market(("XYZ",))))
    assert (volumes.symbols, volumes.before(2 * DAY_NS)) == ({}, 7)
