"""What strategies and outsiders are shown of contracts."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest
from tests.rehearsal import rehearse

from offbook.domain.config import AccountType, LatencyConfig, MarginMode
from offbook.domain.contracts import ContractTerms
from offbook.domain.instruments import AssetClass, Instrument
from offbook.domain.records import PositionSettled
from offbook.domain.values import Amount
from offbook.engine.ledger.folding import fold, summary_of
from offbook.engine.strategy.strategy import Strategy
from offbook.testing.markets import BTCUSDT, SECOND, quotes_market

LINEAR = msgspec.structs.replace(
    BTCUSDT, asset_class=AssetClass.FUTURE, contract=ContractTerms(multiplier="10")
)
INVERSE = msgspec.structs.replace(
    BTCUSDT, asset_class=AssetClass.CRYPTO_PERPETUAL, contract=ContractTerms(is_inverse=True)
)
PRICES = [("4.00", "4.00", "9", "9"), ("12.00", "12.00", "9", "9"), ("6.00", "6.00", "9", "9")]


class Twice(Strategy):
    """Buys one at each of the first two quotes, and writes down what it is shown."""

    def on_start(self) -> None:
        self.shown: list[Any] = []

    def on_quote(self, quote: Any) -> None:
        if len(self.shown) < 2:
            self.buy("BTCUSDT", "1")
        position, account = self.position("BTCUSDT"), self.account
        self.shown.append((position.avg_px, str(account.equity), str(account.margin_used)))

    def on_fill(self, fill: Any) -> None:
        self.average = self.order(fill.client_order_id).avg_px


def shown(instrument: Instrument, **account: Any) -> tuple[Twice, Any]:
    """A strategy after three quotes, and its rehearsal."""
    strategy = Twice()
    terms = {"currency": instrument.settle_currency, "type": AccountType.MARGIN, "leverage": "10"}
    rehearsal = rehearse(
        quotes_market(PRICES, instrument=instrument),
        strategy,
        cash="100",
        account={**terms, **account},
        latency=LatencyConfig(entry_ns=0, response_ns=SECOND // 2),
    )
    rehearsal.rest()
    return strategy, rehearsal


@pytest.mark.parametrize("mode", list(MarginMode))
def test_an_inverse_position_shows_its_harmonic_average(mode: MarginMode) -> None:
    """One dollar at 4 and one at 12 are two for a third of a coin; at 6 that is what they cost."""
    strategy, rehearsal = shown(INVERSE, margin_mode=mode)
    average, equity, used = strategy.shown[-1]
    assert average.quantize(Decimal("1e-12")) == 6
    assert abs(Amount.parse(equity) - Amount.parse("100")) <= 2  # each value was rounded once
    assert used.startswith("0.0333333333")
    assert rehearsal.order("S-1").avg_px == "4.000000"
    assert strategy.average.quantize(Decimal("1e-12")) == 12
    engine = rehearsal.engine
    assert str(engine._kernel.equity()) == equity
    assert str(engine.summary().margin_used) == used


def test_a_future_shows_its_average_without_the_multiplier() -> None:
    """And the price of its last settlement from then on."""
    strategy, rehearsal = shown(LINEAR)
    average, equity, used = strategy.shown[-1]
    assert (average, equity, used) == (8, "60", "12")
    assert rehearsal.order("S-2").avg_px == "12.000000"
    rehearsal.advance(rehearsal.engine.now + 86_400 * SECOND)
    (settled,) = rehearsal.of(PositionSettled)
    assert (settled.price, str(settled.realized)) == ("6", "-40")
    position = strategy.position("BTCUSDT")
    assert (position.avg_px, str(strategy.account.cash)) == (6, "60")


def test_records_alone_tell_cash_and_positions_at_cost() -> None:
    """What a contract cost is no money that is missing."""
    for instrument in (LINEAR, INVERSE):
        _, rehearsal = shown(instrument)
        summary = summary_of(fold(rehearsal.records))
        assert (str(summary.cash), str(summary.equity)) == ("100", "100")


def test_a_strategy_learns_of_an_isolated_margin_with_its_fill() -> None:
    """Not before its report has come."""
    strategy, _ = shown(LINEAR, margin_mode=MarginMode.ISOLATED)
    assert [used for _, _, used in strategy.shown] == ["0", "4", "16"]
