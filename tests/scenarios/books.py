"""What must hold after every record, whatever the scenario."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np

from offbook.domain import records as r
from offbook.domain.instruments import Instrument
from offbook.domain.market_data import (
    BarSlice,
    BookOrderSlice,
    DepthSlice,
    MergedSlice,
    QuoteSlice,
    StatusSlice,
    TradeSlice,
)
from offbook.domain.orders import OrderSide
from offbook.domain.values import AMOUNT_PRECISION, units_to_text
from offbook.engine.account.accounts import CASH, HOLDINGS, MARGIN
from offbook.engine.inputs import EngineInput
from offbook.engine.ledger.ledger import LedgerState
from offbook.engine.venue.matching_quotes import QUOTE_TOUCHES
from tests.reserved import reserved_by_pool


class Standing(msgspec.Struct, kw_only=True):
    """The account in units of 10**-18 of its currency; ``held`` is what buys have reserved."""

    cash: int = 0
    held: int = 0
    fees: int = 0
    realized: int = 0

    @classmethod
    def of(cls, ledger: LedgerState) -> Standing:
        """The account of a ledger."""
        currency = ledger.account_currency
        return cls(
            cash=ledger.balance(CASH, currency),
            held=ledger.held(CASH, currency) + ledger.held(MARGIN, currency),
            fees=ledger.fees,
            realized=ledger.realized,
        )


def money(amount: int, like: str) -> str:
    """An amount with at least as many decimals as another text has."""
    text = units_to_text(amount, AMOUNT_PRECISION)
    wanted = len(like.partition(".")[2])
    whole, _, part = text.partition(".")
    return f"{whole}.{part.ljust(wanted, '0')}" if wanted or part else whole


def check(ledger: LedgerState, record: r.Record, instrument: Instrument) -> None:
    """The books balance, nothing is spent twice, and a fill lies in the market of its row."""
    assert r.decode_record(r.encode_record(record)) == record
    if ledger.attached is None:
        return
    assert not any(ledger.sums().values()), ledger.sums()
    currency, base = instrument.settle_currency, instrument.held_as
    for account, unit in ((CASH, currency), (HOLDINGS, base)):
        held = reserved_by_pool(ledger).get(f"{account}|{unit}", 0)
        assert held == ledger.held(account, unit) >= 0, f"held of {unit}"
        if not _is_margin(ledger):
            there = max(ledger.balance(account, unit), 0)  # interest may leave a debt
            assert there >= held, f"more {unit} held than there is"
    position = ledger.position(instrument.symbol).qty
    assert position * instrument.qty_scale == ledger.balance(HOLDINGS, base)
    if isinstance(record, r.OrderFilled) and record.symbol == instrument.symbol:
        _check_fill(ledger, record, instrument)


def _is_margin(ledger: LedgerState) -> bool:
    assert ledger.attached is not None
    return b'"type":"margin"' in bytes(ledger.attached.config)


def _check_fill(ledger: LedgerState, fill: r.OrderFilled, instrument: Instrument) -> None:
    order, seen = ledger.orders[fill.order], fill.evidence
    # A bar that may be taken from without a limit says what it shows.
    assert fill.last_qty > 0
    assert fill.last_qty <= seen.available_qty or seen.available_qty == seen.volume_qty
    assert fill.last_qty % instrument.lot_units == 0
    assert order.accepted_ts is not None
    assert order.cum_qty <= order.order_qty
    buying = fill.side is OrderSide.BUY
    if order.price_px is not None:
        assert fill.last_px <= order.price_px if buying else fill.last_px >= order.price_px
    if seen.rule in QUOTE_TOUCHES:
        beyond = fill.last_px - ((seen.bid_px if buying else seen.ask_px) or 0)
        assert beyond * fill.side.sign > 0 if "behind" in seen.rule else beyond == 0
    elif seen.bid_px is not None and seen.ask_px is not None:
        assert fill.last_px >= seen.ask_px if buying else fill.last_px <= seen.bid_px
    if seen.low_px is not None and seen.high_px is not None:
        assert seen.low_px <= fill.last_px <= seen.high_px


def joined(first: EngineInput | None, second: EngineInput) -> EngineInput | None:
    """Two slices as one where the second goes on from the first, else None."""
    if isinstance(first, MergedSlice) and isinstance(second, MergedSlice):
        begun = [len(piece) for piece in first.pieces]
        pieces = [_joined(*both) for both in zip(first.pieces, second.pieces, strict=True)]
        index = second.index + np.array(begun)[second.which]
        return MergedSlice(
            first.start,
            np.concatenate([first.ts, second.ts]),
            np.concatenate([first.which, second.which]),
            np.concatenate([first.index, index]),
            tuple(pieces),
        )
    return _joined(first, second)


def _joined(first: Any, second: Any) -> Any:
    for kind in (QuoteSlice, TradeSlice, BarSlice, DepthSlice, StatusSlice, BookOrderSlice):
        if isinstance(first, kind) and isinstance(second, kind):
            names = (*kind.COLUMNS, *{"ts_event"}.intersection(kind.__slots__))
            columns = [(getattr(first, name), getattr(second, name)) for name in names]
            both = {
                name: None if a is None else np.concatenate([a, b])
                for name, (a, b) in zip(names, columns, strict=True)
            }
            return kind(first.instrument, first.start, **both)
    return None
