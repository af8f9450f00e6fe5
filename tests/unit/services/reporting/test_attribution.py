"""A result and its parts: by hand, and against the market's own moves."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from tests.stage import Stage, Trader, wave

from offbook.domain.config import (
    AccountConfig,
    AccountType,
    ActionKind,
    Adjustment,
    BasisPointsFee,
    BasisPointsSlippage,
    CorporateAction,
    FundingRate,
    LatencyConfig,
    NoSlippage,
    SettlementPrice,
    SlippageConfig,
    VenueConfig,
)
from offbook.domain.contracts import ContractTerms
from offbook.domain.instruments import AssetClass, Instrument
from offbook.domain.orders import OrderSide
from offbook.domain.values import Amount
from offbook.engine.strategy.strategy import Strategy
from offbook.services.reporting.attribution import Attribution
from offbook.services.reporting.full_report import FullReport, read_full_report
from offbook.services.reporting.sections import sections
from offbook.testing.markets import (
    BTCUSDT,
    SECOND,
    START,
    BuiltMarket,
    bars_market,
    quotes_market,
)

NO_FEE = BasisPointsFee(maker="0", taker="0")


class Once(Strategy):
    """Buys one at the first quote or bar."""

    def on_start(self) -> None:
        self.done = False

    def on_quote(self, row: object) -> None:
        if not self.done:
            self.done = True
            self.buy("BTCUSDT", "1")

    on_bar = on_quote


class Rests(Once):
    """Bids 99.00 for one at the first quote."""

    def on_quote(self, row: object) -> None:
        if not self.done:
            self.done = True
            self.buy("BTCUSDT", "1", price="99.00")


async def report_of(
    market: BuiltMarket, strategy: type[Strategy], **venue: object
) -> tuple[FullReport, Attribution]:
    """The report of a run to the end of a market."""
    stage = Stage(market, strategy)
    config = stage.config(venue=VenueConfig(**venue))  # type: ignore[arg-type]  # settings by name
    async with stage.manager() as manager:
        session = await manager.wait((await manager.start_session(config)).id)
    report = await read_full_report(session, stage.repository, stage.gateway)
    assert report.attribution is not None
    return report, report.attribution


def _whole(found: Attribution) -> int:
    names = ("market", "spread", "slippage", "fees", "funding")
    return sum(int(Amount.parse(getattr(found, name))) for name in names)


async def test_a_buy_that_arrives_late_and_slips_by_hand() -> None:
    """Decided at 100.00, met 101.00, paid 101.01 and ten basis points of it, ended at 103.00."""
    quotes = [("99.99", "100.01"), ("100.99", "101.01"), ("102.99", "103.01")]
    _, found = await report_of(
        quotes_market(quotes),
        Once,
        fee=BasisPointsFee(maker="0", taker="10"),
        slippage=BasisPointsSlippage(bps="10", quotes=True),
        latency=LatencyConfig(entry_ns=SECOND + 1, response_ns=0),
    )
    assert found.market == "3"  # 103.00 - 100.00
    assert found.delay == "-1"  # 101.00 - 100.00
    assert found.spread == "-0.01"
    assert found.impact == "-0.11"  # 101.01 x 0.001, on the tick
    assert found.slippage == "-1.11"
    assert found.fees == "-0.10112"
    assert found.funding == "0"
    assert Amount.parse(found.result) == _whole(found)


async def test_a_maker_is_paid_the_spread_of_the_market_it_was_filled_in() -> None:
    """Decided at 100.00; filled at 99.00 where the middle is 98.99: the fall beat the spread."""
    quotes = [("99.99", "100.01"), ("98.98", "99.00"), ("99.99", "100.01")]
    _, found = await report_of(
        quotes_market(quotes), Rests, fee=NO_FEE, latency=LatencyConfig(entry_ns=0, response_ns=0)
    )
    assert (found.market, found.spread, found.delay) == ("0", "-0.01", "1.01")
    assert found.result == "1"


async def test_bars_show_no_spread_so_there_is_none() -> None:
    """What was paid beyond the close of the decision is delay and impact."""
    bars = [("100", "101", "99", "100", "50"), ("102", "103", "101", "102", "50")]
    _, found = await report_of(
        bars_market(bars), Once, fee=NO_FEE, slippage=BasisPointsSlippage(bps="10")
    )
    assert (found.spread, found.delay, found.impact) == ("0", "-2", "-0.11")
    assert Amount.parse(found.result) == _whole(found)


async def test_what_a_delisting_brings_is_what_the_position_was_worth() -> None:
    """It is no funding: bought at 100.00, and paid out at 130."""
    built = quotes_market([("100", "100")] * 5)
    ends = datetime.fromtimestamp(START // SECOND + 3, UTC).isoformat()
    delisting = CorporateAction(symbol="BTCUSDT", kind=ActionKind.DELISTING, ex=ends, amount="130")
    config = msgspec.structs.replace(built.config, adjustment=Adjustment.RAW, actions=(delisting,))
    _, found = await report_of(
        BuiltMarket(config=config, slices=built.slices),
        Once,
        fee=NO_FEE,
        latency=LatencyConfig(entry_ns=0, response_ns=0),
    )
    assert (found.result, found.market, found.funding) == ("30", "30", "0")


@pytest.mark.parametrize("slippage", [NoSlippage(), BasisPointsSlippage(bps="3", quotes=True)])
async def test_the_market_part_is_every_decision_held_to_the_end(slippage: SlippageConfig) -> None:
    """Found again from fills and the last quote alone, to the last unit."""
    report, found = await report_of(wave(150), Trader, slippage=slippage)
    assert Amount.parse(found.result) == _whole(found)
    assert report.equity is not None
    end = Amount.parse(report.equity.daily[-1].prices["BTCUSDT"])
    held = 0
    for fill in report.session.fills:
        sign = 1 if fill.side == OrderSide.BUY.value else -1
        qty, mid = Amount.parse(fill.qty), Amount.parse(str(fill.mid))
        held += sign * qty * (end - mid) // 10**18
    assert len(report.session.fills) > 20
    assert Amount.parse(found.market) == held
    assert Amount.parse(report.session.slippage) == -sum(
        Amount.parse(part) for part in (found.spread, found.slippage)
    )
    titles = [section.title for section in sections(report)]
    assert "Attribution" in titles


class Holds(Once):
    """Buys 100 contracts at the first quote."""

    def on_quote(self, row: object) -> None:
        if not self.done:
            self.done = True
            self.buy("BTCUSDT", "100")


async def _with_terms(
    prices: list[str], strategy: type[Strategy], instrument: Instrument, **terms: Any
) -> tuple[FullReport, Attribution]:
    """The report of a perpetual, or a future, in a margin account."""
    built = quotes_market(
        [(price, price, "1000", "1000") for price in prices], instrument=instrument
    )
    config = msgspec.structs.replace(built.config, **terms)
    stage = Stage(BuiltMarket(config=config, slices=built.slices), strategy)
    account = AccountConfig(
        currency=instrument.settle_currency,
        type=AccountType.MARGIN,
        leverage="20",
        initial_cash="100000",
    )
    venue = VenueConfig(
        fee=BasisPointsFee(maker="0", taker="10"),
        latency=LatencyConfig(entry_ns=0, response_ns=0),
    )
    async with stage.manager() as manager:
        config = stage.config(venue=venue, account=account)
        session = await manager.wait((await manager.start_session(config)).id)
    report = await read_full_report(session, stage.repository, stage.gateway)
    assert report.attribution is not None
    assert Amount.parse(report.attribution.result) == _whole(report.attribution)
    return report, report.attribution


def _at(second: int) -> str:
    return datetime.fromtimestamp(START // SECOND + second, UTC).isoformat()


async def test_funding_is_a_part_of_its_own_and_the_parts_add_up() -> None:
    """One bitcoin bought at 100, held to 110: 0.5 % of 105 was paid, a tenth of a percent of 108
    received."""
    perpetual = msgspec.structs.replace(BTCUSDT, asset_class=AssetClass.CRYPTO_PERPETUAL)
    rates = (
        FundingRate(at=_at(3), rate="0.005", mark="105"),
        FundingRate(at=_at(4), rate="-0.001", mark="108"),
    )
    prices = ["100.00", "102.00", "104.00", "106.00", "108.00", "110.00"]
    _, found = await _with_terms(prices, Once, perpetual, funding=rates)
    assert (found.market, found.fees, found.funding) == ("10", "-0.1", "-0.417")
    assert found.result == "9.483"


async def test_funding_of_an_inverse_contract_is_in_its_base_currency() -> None:
    """100 dollars bought at 100 are one bitcoin; sold at 125 they would be 0.2 more."""
    inverse = msgspec.structs.replace(
        BTCUSDT, asset_class=AssetClass.CRYPTO_PERPETUAL, contract=ContractTerms(is_inverse=True)
    )
    rates = (FundingRate(at=_at(2), rate="0.01", mark="80"),)
    prices = ["100.00", "100.00", "80.00", "125.00"]
    report, found = await _with_terms(prices, Holds, inverse, funding=rates)
    assert (found.market, found.fees, found.funding) == ("0.2", "-0.001", "-0.0125")
    assert found.result == "0.1865"
    assert report.equity is not None
    assert report.equity.daily[-1].equity == "100000.1865"


async def test_settlements_of_a_future_are_the_markets_move() -> None:
    """Whatever its settlement prices were: what they bring is not brought again."""
    future = msgspec.structs.replace(
        BTCUSDT, asset_class=AssetClass.FUTURE, contract=ContractTerms(multiplier="10")
    )
    settlements = (
        SettlementPrice(at=_at(2), price="95.5"),
        SettlementPrice(at=_at(4), price="130"),
    )
    prices = ["100.00", "98.00", "96.00", "105.00", "112.00", "112.00"]
    report, found = await _with_terms(prices, Once, future, settlements=settlements)
    assert (found.market, found.fees, found.funding) == ("120", "-1", "0")
    assert found.result == "119"
    assert report.session.realized == "300"
    assert [moment.event for moment in report.session.moments].count("settled") == 2
