"""A split in numbers: quantities, prices and the last rows of a market, restated."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import msgspec

from offbook.domain.instruments import Instrument
from offbook.domain.market_data import Bar, Quote, Trade
from offbook.domain.values import MAX_UNITS, ceil_div, flow_of, share_of
from offbook.engine.kernel import Kernel
from offbook.engine.ledger.state import PositionState
from offbook.engine.rows.rows import PriceRow

CarriedRow = tuple[str, dict[str, Any]]
"""What a row is, and its values as JSON has them."""
_ROWS: Final[dict[str, Any]] = {kind.__name__: kind for kind in (Quote, Trade, Bar)}


class Divided(NamedTuple):
    """A position after a split: ``qty`` (signed) and ``cost``; ``in_lieu`` is the cash for the
    fraction that is no whole lot, ``realized`` what that gained above its cost."""

    qty: int
    cost: int
    in_lieu: int
    realized: int


def divided(
    position: PositionState,
    ratio: tuple[int, int],
    twice_mid: int,
    instrument: Instrument,
    lot_units: int,
) -> Divided:
    """A position of which each ``ratio[1]`` units become ``ratio[0]``, in whole lots, the fraction
    paid at the mid before the split (``twice_mid``, price units)."""
    new, old = ratio
    size, sign = abs(position.qty), 1 if position.qty > 0 else -1
    kept = size * new // (old * lot_units) * lot_units
    fraction = size * new - kept * old  # in units of 1 / old
    if not fraction:
        return Divided(sign * kept, position.cost, 0, 0)
    value = sign * fraction * twice_mid * instrument.notional_scale
    in_lieu = flow_of(value, 2 * new, instrument.charge_unit)
    out = share_of(position.cost, fraction, size * new)
    return Divided(sign * kept, position.cost - out, in_lieu, in_lieu - sign * out)


def restated_px(px: int, ratio: tuple[int, int], tick: int, *, up: bool) -> int:
    """A price after a split, on a tick; not below one."""
    exact = px * ratio[1]
    ticks = ceil_div(exact, ratio[0] * tick) if up else exact // (ratio[0] * tick)
    return max(ticks, 1) * tick


def _px(px: int, ratio: tuple[int, int]) -> int:
    return max(1, share_of(px, ratio[1], ratio[0]))


def restate_quote(row: Quote, ratio: tuple[int, int]) -> Quote:
    """The same of a quote, or of the best bid and ask of a book."""
    scale = 10**row.instrument.price_precision
    bid, ask = _px(row.bid_px, ratio), _px(row.ask_px, ratio)
    return msgspec.structs.replace(row, bid_px=bid, ask_px=ask, bid=bid / scale, ask=ask / scale)


def restate_row(row: PriceRow, ratio: tuple[int, int]) -> PriceRow:
    """A row from before a split as it would have read after it; what was shown or traded there is
    left as large as it was."""
    if isinstance(row, Quote):
        return restate_quote(row, ratio)
    scale = 10**row.instrument.price_precision
    names = ("open", "high", "low", "close") if isinstance(row, Bar) else ("price",)
    changes: dict[str, float] = {}
    for name in names:
        px = _px(getattr(row, f"{name}_px"), ratio)
        changes |= {f"{name}_px": px, name: px / scale}
    return msgspec.structs.replace(row, **changes)


def restate_last(kernel: Kernel, symbol: str, ratios: list[tuple[int, int]]) -> None:
    """Let the last row of a symbol read as after these splits, until the next row comes."""
    row = kernel.pricing_row(symbol)
    if row is None or symbol in kernel.depths:
        return  # a book is dropped, and tells by itself how it reads
    new = row
    for ratio in ratios:
        new = restate_row(new, ratio)
    if kernel.last is row:
        kernel.last = new
    if kernel.latest.get(symbol) is row:
        kernel.latest[symbol] = new


def restate_bands(kernel: Kernel, symbol: str, ratio: tuple[int, int]) -> None:
    """Let the bands of an exchange read as after a split, until it tells others: what trades at
    prices of before would be all that they let through."""
    new, old = ratio
    if symbol in kernel.bands:
        lower, upper = kernel.bands[symbol]
        if upper < MAX_UNITS:
            upper = ceil_div(upper * old, new)
        kernel.bands[symbol] = (lower * old // new, upper)


def carry_price(kernel: Kernel, symbol: str, new_symbol: str) -> None:
    """Let a new symbol have the last price of the old one, until a row of its own comes."""
    row = kernel.pricing_row(symbol)
    if row is None or kernel.pricing_row(new_symbol) is not None:
        return
    instrument = kernel.instrument(new_symbol)
    if new_symbol in kernel.depths:
        kernel.depths[new_symbol].read_as(_as_quote(row, instrument))
    else:
        kernel.latest[new_symbol] = msgspec.structs.replace(row, instrument=instrument)


def _as_quote(row: PriceRow, instrument: Instrument) -> Quote:
    """A row as the best bid and ask of a book, with nothing shown where it shows none."""
    if isinstance(row, Quote):
        return msgspec.structs.replace(row, instrument=instrument)
    px = row.close_px if isinstance(row, Bar) else row.price_px
    price = px / 10**instrument.price_precision
    event = None if isinstance(row, Bar) else row.ts_event
    return Quote(row.ts, price, price, px, px, 0, 0, event, row.row, instrument)


def restate_known(kernel: Kernel) -> None:
    """The same for the last rows as they came from a snapshot, which are those of the market."""
    for symbol, restated in kernel.ledger.events.restated.items():
        row = kernel.pricing_row(symbol)
        if row is not None and row.row == restated.row:
            restate_last(kernel, symbol, restated.ratios)


def carried_rows(kernel: Kernel) -> dict[str, CarriedRow]:
    """The last rows of symbols that others became, for a snapshot: they may be of the other's rows,
    of which more may have come since."""
    rows = {new: kernel.latest.get(new) for new in kernel.ledger.events.ended.values()}
    return {
        symbol: (type(row).__name__, msgspec.to_builtins(row))
        for symbol, row in rows.items()
        if row is not None
    }


def know_carried(kernel: Kernel, carried: dict[str, CarriedRow]) -> None:
    """Take them back."""
    for symbol, (kind, values) in carried.items():
        row: PriceRow = msgspec.convert(values, _ROWS[kind])
        kernel.latest[symbol] = msgspec.structs.replace(row, instrument=kernel.instrument(symbol))
