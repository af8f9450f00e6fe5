"""Trips and lines of instruments where gains come by settlements, by hand."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from tests.stage import Stage
from tests.unit.services.reporting.acting import NO_FEE

from offbook.domain.config import (
    AccountConfig,
    AccountType,
    LatencyConfig,
    SettlementPrice,
    VenueConfig,
)
from offbook.domain.contracts import ContractTerms
from offbook.domain.instruments import AssetClass
from offbook.domain.values import Amount
from offbook.engine.strategy.strategy import Strategy
from offbook.services.reporting.full_report import FullReport, read_full_report
from offbook.testing.markets import BTCUSDT, SECOND, START, BuiltMarket, quotes_market

PRICES = ("100.00", "98.00", "96.00", "105.00", "112.00", "113.00", "90.00")


def at(second: int) -> str:
    return datetime.fromtimestamp(START // SECOND + second, UTC).isoformat()


class SellsTwoBuysOne(Strategy):
    """Two short at 100, of which one is bought back at 105."""

    def on_start(self) -> None:
        self.seen = 0

    def on_quote(self, row: object) -> None:
        self.seen += 1
        if self.seen == 1:
            self.sell("BTCUSDT", "2")
        elif self.seen == 4:
            self.buy("BTCUSDT", "1")


class BuysAndSells(Strategy):
    """Buys one at 100 and sells it at 96, after it was settled at 95."""

    def on_start(self) -> None:
        self.seen = 0

    def on_quote(self, row: object) -> None:
        self.seen += 1
        if self.seen == 1:
            self.buy("BTCUSDT", "1")
        elif self.seen == 3:
            self.sell("BTCUSDT", "1")


class SellsAndBuys(BuysAndSells):
    """The same, the other way round."""

    def buy(self, *args: Any, **terms: Any) -> str:
        return super().sell(*args, **terms)

    def sell(self, *args: Any, **terms: Any) -> str:
        return super().buy(*args, **terms)


async def report_of(
    *,
    expires: int | None = None,
    is_inverse: bool = False,
    strategy: type[Strategy] = SellsTwoBuysOne,
) -> FullReport:
    """Settled at 95 after two seconds, finally at 111 where it expires."""
    instrument = msgspec.structs.replace(
        BTCUSDT,
        asset_class=AssetClass.FUTURE,
        contract=ContractTerms(
            multiplier="10",
            is_inverse=is_inverse,
            expires=None if expires is None else at(expires),
        ),
    )
    built = quotes_market([(price, price, "9", "9") for price in PRICES], instrument=instrument)
    prices = [SettlementPrice(at=at(2), price="95")]
    if expires is not None:
        prices.append(SettlementPrice(at=at(expires), price="111"))
    config = msgspec.structs.replace(built.config, settlements=tuple(prices))
    stage = Stage(BuiltMarket(config=config, slices=built.slices), strategy)
    account = AccountConfig(
        currency="USDT",
        type=AccountType.MARGIN,
        leverage="10",
        initial_cash="10000",
        rates={"BTC": "100"} if is_inverse else {},
    )
    venue = VenueConfig(fee=NO_FEE, latency=LatencyConfig(entry_ns=0, response_ns=0))
    async with stage.manager() as manager:
        told = stage.config(venue=venue, account=account)
        session = await manager.wait((await manager.start_session(told)).id)
    return await read_full_report(session, stage.repository, stage.gateway)


async def test_an_expiry_closes_the_trip() -> None:
    """Short at 100, the one lost 50 at 105, the other 110 at 111."""
    report = await report_of(expires=5)
    (line,) = report.instruments
    assert (line.position, line.realized, line.unrealized, line.net) == ("0", "-160", "0", "-160")
    (trip,) = report.by_position.trips
    assert (trip.side, trip.gross, trip.exit_ts) == ("SHORT", "-160", START + 5 * SECOND)
    assert (trip.fills, trip.exit_order, trip.exit_reason) == (2, None, "expiry")
    assert (trip.entry_px, trip.exit_px) == ("100.000000", "108.000000")
    pairs = report.fifo.trips
    assert [(pair.gross, pair.fills) for pair in pairs] == [("-50", 2), ("-110", 1)]
    assert report.statistics is not None
    assert report.statistics.time_in_market.value == pytest.approx(5 / 6)
    assert report.execution is not None
    assert report.execution.fills == 2
    assert (report.session.trades, report.session.trades_won) == (2, 0)


@pytest.mark.parametrize("is_inverse", [False, True])
@pytest.mark.parametrize(("strategy", "won"), [(BuysAndSells, 0), (SellsAndBuys, 1)])
async def test_a_closing_fill_is_won_by_all_that_it_made(
    strategy: type[Strategy], won: int, is_inverse: bool
) -> None:
    """Opened at 100, closed at 96: since the settlement at 95 alone it made the opposite."""
    report = await report_of(strategy=strategy, is_inverse=is_inverse)
    assert (report.session.trades, report.session.trades_won) == (1, won)
    assert (report.by_position.statistics.trips, report.by_position.statistics.won) == (1, won)
    closing = report.session.fills[-1]
    assert (Amount.parse(closing.realized) > 0) is not bool(won)


async def test_what_was_settled_of_an_open_position_is_in_its_line() -> None:
    """The one lost 50; of the other 50 were settled, and it is worth 50 more at 90: the session
    gained 50."""
    report = await report_of()
    (line,) = report.instruments
    assert (line.position, line.realized, line.unrealized) == ("-1", "0", "50")
    assert line.net == "50"
    assert report.session.realized == line.realized


async def test_in_another_currency_the_expiry_counts_at_its_rate() -> None:
    """Short 20 dollars at 100: in bitcoin 10 x (1 / 105 - 1 / 100) and 10 x (1 / 111 - 1 / 100),
    each worth 100 dollars."""
    report = await report_of(expires=5, is_inverse=True)
    (trip,) = report.by_position.trips
    assert (trip.entry_px, trip.exit_px) == ("100.000000", "107.916667")  # harmonic
    exact = 1000 * (1 / 105 + 1 / 111 - 2 / 100)
    assert float(trip.gross) == pytest.approx(exact, abs=1e-12)
    (line,) = report.instruments
    assert float(line.net or 0) == pytest.approx(exact, abs=1e-12)
    assert Amount.parse(line.realized) == Amount.parse(report.session.realized)
