"""Made-up dated events: corporate actions, funding, borrow fees and interest."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction

from tests.properties.sources import Source

from offbook.domain.config import (
    ActionKind,
    BorrowRate,
    BorrowValue,
    CorporateAction,
    FinancingConfig,
    FundingRate,
    InterestRate,
    Unlisted,
)
from offbook.domain.instruments import AssetClass, Instrument

PERPETUAL = Instrument(
    symbol="XBTUSDT",
    asset_class=AssetClass.CRYPTO_PERPETUAL,
    base="XBT",
    quote_currency="USDT",
    price_precision=2,
    qty_precision=5,
    tick_size="0.01",
    lot_size="0.00001",
)


@dataclass(frozen=True)
class Clockwork:
    """When a made-up session's events may be: so many of its timeframes after its start."""

    start: int
    timeframe: int

    def text(self, tenths: int) -> str:
        """A moment in tenths of a timeframe, with its offset from UTC."""
        micros = (self.start + tenths * self.timeframe // 10) // 1000
        moment = datetime.fromtimestamp(micros // 10**6, UTC).replace(microsecond=micros % 10**6)
        return moment.isoformat()

    def day(self, tenths: int) -> str:
        """The same as a date."""
        return self.text(tenths)[:10]


_TAXES = {"0.01": "0", "0.23": "0.26375", "1.5": "1", "99.5": "0.3"}
"""A tax of its own of dividends by their amounts, so that nothing else is drawn otherwise."""


def pick_actions(
    source: Source, instrument: Instrument, clock: Clockwork
) -> tuple[CorporateAction, ...]:
    """Mostly none; one to three while the session may still run."""
    found: list[CorporateAction] = []
    for _ in range(source.pick([0, 0, 1, 1, 2, 3])):
        tenths = source.number(5, 200)
        when = source.pick([clock.text, clock.text, clock.day])
        kind = source.pick(["split"] * 3 + ["reverse"] * 2 + ["dividend"] * 3 + ["delisting"])
        found.append(_action(source, kind, instrument, when(tenths), when(tenths + 30)))
    # Of two at one time of one kind the configuration takes only one.
    return tuple({(one.kind, one.ex): one for one in found}.values())


def _action(
    source: Source, kind: str, instrument: Instrument, when: str, later: str
) -> CorporateAction:
    symbol = instrument.symbol
    if kind == "dividend":
        pay = source.pick([None, later])
        amount = source.pick(["0.01", "0.23", "1.5", "0.005", "0.000123", "99.5"])
        return CorporateAction(
            symbol=symbol,
            kind=ActionKind.DIVIDEND,
            ex=when,
            pay=pay,
            amount=amount,
            withholding={"0.01": "0", "0.23": "0.26375", "1.5": "1", "99.5": "0.3"}.get(
                amount
            ),  # no draw
        )
    if kind == "delisting":
        amount = source.pick([None, "0.37", "101.5"])
        return CorporateAction(symbol=symbol, kind=ActionKind.DELISTING, ex=when, amount=amount)
    ratio = source.pick(["2:1", "3:2", "4:1"] if kind == "split" else ["1:10", "2:3"])
    return CorporateAction(symbol=symbol, kind=ActionKind.SPLIT, ex=when, ratio=ratio)


def pick_funding(source: Source, clock: Clockwork) -> tuple[FundingRate, ...]:
    """Some payments, of which the last session may see none."""
    times = sorted({source.number(-5, 300) for _ in range(source.pick([0, 1, 4, 8]))})
    return tuple(
        FundingRate(
            at=clock.text(tenths),
            rate=source.pick(["0.0001", "-0.00037", "0.01", "0"]),
            mark=source.pick([None, None, "99.995"]),
        )
        for tenths in times
    )


def pick_financing(
    source: Source, instrument: Instrument, currency: str, clock: Clockwork, *, margin: bool
) -> FinancingConfig | None:
    """Mostly none."""
    if source.pick([True, True, False]):
        return None
    days = [clock.day(0), clock.day(200)]
    borrow = [
        BorrowRate(symbol=instrument.symbol, since=days[0], rate=source.pick(["0.03", "0", "1.5"]))
    ]
    if days[1] != days[0]:
        borrow.append(
            BorrowRate(symbol=instrument.symbol, since=days[1], rate=source.pick([None, "0.3333"]))
        )
    moneys = {currency, instrument.quote_currency}
    return FinancingConfig(
        borrow=tuple(borrow) if margin and source.pick([True, False]) else (),
        unlisted=source.pick(list(Unlisted)) if margin else Unlisted.FREE,
        borrow_year=(year := source.pick([360, 365])),
        borrow_value=BorrowValue.COLLATERAL if year == 365 else BorrowValue.MARKET,
        interest=tuple(
            InterestRate(currency=name, since="2020-01-01", credit=credit, debit="0.07")
            for name in sorted(moneys)
            if (credit := source.pick(["0.02", "-0.01", ""]))
        ),
        interest_year=source.pick([360, 365]),
    )


def ratio_of(action: CorporateAction) -> Fraction:
    """New for old, as it is written."""
    new, _, old = (action.ratio or "1:1").partition(":")
    return Fraction(new) / Fraction(old)
