"""Reports the plain way: every moment of a session looked at one by one, in whole numbers."""

from collections.abc import Sequence
from fractions import Fraction

import msgspec
import numpy as np

from offbook.domain.config import AccountConfig
from offbook.domain.instruments import AssetClass, Instrument
from offbook.domain.market_data import DataKind, MarketInfo, SourceInfo
from offbook.engine.account.valuation import Valuation
from offbook.engine.desk.terms import Market
from offbook.services.reporting.account_path import AccountPath, AccountStep
from offbook.services.reporting.market_scan import Block, Part, Prices


class Row(msgspec.Struct, frozen=True):
    """One row of one instrument; prices in units."""

    ts: int
    symbol: str
    bid: int
    ask: int


class Story(msgspec.Struct, frozen=True):
    """Rows in time order, an account's steps, and where the rows are cut into blocks."""

    path: AccountPath
    rows: list[Row]
    cuts: list[int]

    @property
    def end(self) -> int:
        """The last moment of all."""
        return max(self.rows[-1].ts, self.path.steps[-1].ts)

    def blocks(self) -> list[Block]:
        """The rows as a report reads them."""
        begins = [0, *self.cuts]
        return [block(self.rows[a:b]) for a, b in zip(begins, self.cuts, strict=False)]


def instrument(
    symbol: str, price_precision: int, qty_precision: int, currency: str = "USD", base: str = ""
) -> Instrument:
    """An instrument that is worth ``10 ** (18 - both precisions)`` for each unit of both."""
    return Instrument(
        symbol=symbol,
        asset_class=AssetClass.CRYPTO_SPOT,
        base=base or symbol,
        quote_currency=currency,
        price_precision=price_precision,
        qty_precision=qty_precision,
        tick_size="1",
        lot_size="1",
    )


def block(rows: Sequence[Row]) -> Block:
    """Rows as columns; the places are told also where there is but one instrument."""
    parts = []
    for symbol in dict.fromkeys(row.symbol for row in rows):
        places = [place for place, row in enumerate(rows) if row.symbol == symbol]
        own = [rows[place] for place in places]
        ts, bid, ask = (
            np.array([getattr(row, name) for row in own], dtype=np.int64)
            for name in ("ts", "bid", "ask")
        )
        twice = bid + ask
        prices = Prices(ts, bid, ask, twice, twice, twice)
        parts.append(Part(symbol, prices, np.array(places, dtype=np.int64)))
    return Block(np.array([row.ts for row in rows], dtype=np.int64), tuple(parts))


def path_of(
    instruments: Sequence[Instrument],
    steps: Sequence[AccountStep],
    account: AccountConfig = AccountConfig(currency="USD"),  # noqa: B008 - it cannot be changed
) -> AccountPath:
    """A path over a market of quotes."""
    market = MarketInfo(
        sources=tuple(SourceInfo(symbol=i.symbol, kind=DataKind.QUOTES) for i in instruments),
        instruments=tuple(instruments),
        data_identity="",
        calendar_identity="",
    )
    return AccountPath(
        account=account, market=market, started_ts=99, steps=tuple(steps), executions=()
    )


def step_at(steps: Sequence[AccountStep], ts: int) -> AccountStep:
    """The last step at or before a moment; the first where there is none."""
    return max((step for step in steps if step.ts <= ts), key=lambda s: s.ts, default=steps[0])


def moments(story: Story) -> list[tuple[int, Fraction]]:
    """(ts, equity) at the opening, every row, every step at whose moment no row is, and the end.

    Nothing is looked at before the moment of the first row.
    """
    steps, mids = story.path.steps, {}
    found = [(story.rows[0].ts, equity_at(story.path, steps[0], mids))]
    row_times = {row.ts for row in story.rows}
    alone = [s.ts for s in steps[1:] if s.ts not in row_times and s.ts > story.rows[0].ts]
    events = [(row.ts, 0, row) for row in story.rows] + [(ts, 1, None) for ts in alone]
    for ts, _, row in [*sorted(events, key=lambda e: e[:2]), (story.end, 1, None)]:
        if row is not None:
            mids[row.symbol] = row.bid + row.ask
        found.append((ts, equity_at(story.path, step_at(steps, ts), mids)))
    return found


def equity_at(path: AccountPath, step: AccountStep, mids: dict[str, int]) -> Fraction:
    """Equity at doubled mids: exact where rates stand, else rounded for each position, as the
    engine does it."""
    account = path.account
    if account.rates_from:
        prices = {s: Market(bid_px=t // 2, ask_px=t - t // 2) for s, t in mids.items()}
        valuation = Valuation(account, prices.get)
        valuation.join(path.market)
        return Fraction(valuation.equity(step.cash, step.positions))
    rates = {name: Fraction(text) for name, text in account.rates.items()}
    rates[account.currency] = Fraction(1)
    total = sum(amount * rates[name] for name, amount in step.cash.items())
    for found in path.instruments:
        worth = step.positions.get(found.symbol, 0) * found.notional_scale
        total += worth * Fraction(mids.get(found.symbol, 0), 2) * rates[found.quote_currency]
    return Fraction(total)


class PlainFalls(msgspec.Struct):
    """The deepest fall (peak, its moment, trough, its moment, recovery) and the longest time below
    a peak (from, to, recovered). Of equal ones the first."""

    deepest: tuple[Fraction, int, Fraction, int, int | None] | None = None
    longest: tuple[int, int, bool] | None = None


def plain_falls(found: Sequence[tuple[int, Fraction]]) -> PlainFalls:
    """One moment after the other."""
    plain = PlainFalls()
    peak, peak_ts = found[0][1], found[0][0]
    below = False
    for ts, equity in found:
        if equity >= peak:
            if below:
                _spent(plain, peak_ts, ts, recovered=True)
            if plain.deepest is not None and plain.deepest[4] is None:
                plain.deepest = (*plain.deepest[:4], ts)
            peak, peak_ts, below = equity, ts, False
            continue
        below = True
        known = plain.deepest
        if peak > 0 and (
            known is None or (peak - equity) * known[0] > (known[0] - known[2]) * peak
        ):
            plain.deepest = (peak, peak_ts, equity, ts, None)
    if below:
        _spent(plain, peak_ts, found[-1][0], recovered=False)
    return plain


def _spent(plain: PlainFalls, since: int, until: int, *, recovered: bool) -> None:
    if plain.longest is None or until - since > plain.longest[1] - plain.longest[0]:
        plain.longest = (since, until, recovered)
