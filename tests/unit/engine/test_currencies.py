"""Instruments in other currencies than the account's: rates from the market, and balances."""

from __future__ import annotations

from typing import Any

import msgspec
from tests.rehearsal import Rehearsal, rehearse, restored

from offbook.domain import commands as c
from offbook.domain import records as r
from offbook.domain.config import AccountType
from offbook.domain.instruments import AssetClass, Instrument
from offbook.domain.orders import OrderRequest, OrderSide, OrderType, RejectReason
from offbook.domain.values import Amount
from offbook.engine.ledger.folding import fold, summary_of
from offbook.engine.strategy.strategy import Strategy
from offbook.testing.markets import SECOND, START, XYZ, combined, quotes_market

SAP = msgspec.structs.replace(XYZ, symbol="SAP", base="SAP", quote_currency="EUR")
EURUSD = Instrument(
    symbol="EURUSD",
    asset_class=AssetClass.CRYPTO_SPOT,
    base="EUR",
    quote_currency="USD",
    price_precision=4,
    qty_precision=2,
    tick_size="0.0001",
    lot_size="0.01",
)
USDEUR = msgspec.structs.replace(EURUSD, symbol="USDEUR", base="USD", quote_currency="EUR")
SHARES = [("99.98", "100.02", "50", "50")] * 3
RATES = [("1.0999", "1.1001", "9", "9"), ("1.1999", "1.2001", "9", "9")]
ACCOUNT: dict[str, Any] = {"currency": "USD", "rates_from": {"EUR": "EURUSD"}}


def market(rates: list[tuple[str, str, str, str]], pair: Instrument = EURUSD) -> Any:
    """Shares in euros at whole seconds, the rate half a second later each time."""
    shares = quotes_market(SHARES, instrument=SAP)
    later = [START + SECOND // 2 + n * SECOND for n in range(len(rates))]
    return combined(shares, quotes_market(rates, instrument=pair, times=later))


def order(rehearsal: Rehearsal, side: OrderSide, qty: str, price: str | None = None) -> None:
    """An order for shares."""
    request = OrderRequest(
        symbol="SAP",
        side=side,
        order_qty=qty,
        order_type=OrderType.MARKET if price is None else OrderType.LIMIT,
        price=price,
    )
    rehearsal.take(lambda i: c.SubmitOrder(command_id=i, order=request))
    rehearsal.advance(rehearsal.engine.now)


def test_an_order_is_denied_while_the_market_has_not_told_the_rate() -> None:
    """Nothing is guessed."""
    rehearsal = rehearse(market(RATES), account=ACCOUNT)
    rehearsal.rows(1)
    order(rehearsal, OrderSide.BUY, "1")
    assert [d.reason for d in rehearsal.of(r.OrderDenied)] == [RejectReason.NO_RATE]


def test_a_fill_buys_its_currency_at_the_ask_and_sells_it_at_the_bid() -> None:
    """The account pays 1000.20 euros at 1.1001, and gets 999.80 at 1.1999."""
    rehearsal = rehearse(market(RATES), account=ACCOUNT)
    rehearsal.rows(2)
    order(rehearsal, OrderSide.BUY, "10", "100.02")
    (bought,) = rehearsal.fills
    assert rehearsal.cash == "8899.67998"
    assert (bought.conversion.numerator, bought.conversion.denominator) == (22002, 20000)
    rehearsal.rows(2)
    order(rehearsal, OrderSide.SELL, "10")
    assert rehearsal.cash == "10099.34"
    assert rehearsal.ledger.balance("cash", "EUR") == 0
    assert rehearsal.ledger.balance("clearing", "USD") == -Amount.parse("99.34")
    assert not any(rehearsal.ledger.sums().values())


def test_equity_is_cash_and_positions_at_mid_and_mid_rates() -> None:
    """Ten shares at 100 euros at 1.1, then at 1.2 dollars."""
    rehearsal = rehearse(market(RATES), account=ACCOUNT)
    rehearsal.rows(2)
    order(rehearsal, OrderSide.BUY, "10", "100.02")
    assert str(rehearsal.engine.summary().equity) == "9999.67998"
    rehearsal.rows(2)
    assert str(rehearsal.engine.summary().equity) == "10099.67998"


def test_a_pair_that_quotes_the_other_way_round_is_turned() -> None:
    """Euros for a dollar: one at 0.8 is worth 1.25, dear at the bid."""
    pair = [("0.8000", "0.8000", "9", "9")]
    account = {"currency": "USD", "rates_from": {"EUR": "USDEUR"}}
    rehearsal = rehearse(market(pair, USDEUR), account=account)
    rehearsal.rows(2)
    order(rehearsal, OrderSide.BUY, "10", "100.02")
    assert rehearsal.cash == "8749.75"


def test_a_buy_reserves_for_a_rate_that_moves_with_the_collar() -> None:
    """Five per cent more than it costs at the present rate; a stated rate needs none."""
    rehearsal = rehearse(market(RATES), account=ACCOUNT)
    rehearsal.rows(2)
    order(rehearsal, OrderSide.BUY, "10", "90")
    assert str(Amount(rehearsal.ledger.held("cash", "USD"))) == "1039.5945"
    stated = rehearse(market(RATES), account={"currency": "USD", "rates": {"EUR": "1.1"}})
    stated.rows(1)
    order(stated, OrderSide.BUY, "10", "90")
    assert str(Amount(stated.ledger.held("cash", "USD"))) == "990"


def test_a_balance_in_the_currency_pays_without_conversion() -> None:
    """It is told apart in the summary, and counts in the equity."""
    rehearsal = rehearse(market(RATES), account={**ACCOUNT, "cash": {"EUR": "1500"}})
    rehearsal.rows(2)
    order(rehearsal, OrderSide.BUY, "10", "100.02")
    summary = rehearsal.engine.summary()
    told = {name: str(amount) for name, amount in summary.balances.items()}
    assert told == {"USD": "10000", "EUR": "499.8"}
    assert str(summary.equity) == "11649.78"
    order(rehearsal, OrderSide.BUY, "5", "100.02")
    assert rehearsal.of(r.OrderDenied)[0].reason is RejectReason.INSUFFICIENT_BUYING_POWER


def test_the_fold_knows_the_last_rate_of_a_fill() -> None:
    """Without a market: cash, and positions at cost at that rate."""
    rehearsal = rehearse(market(RATES), account=ACCOUNT)
    rehearsal.rows(2)
    order(rehearsal, OrderSide.BUY, "10", "100.02")
    summary = summary_of(fold(rehearsal.records))
    assert str(summary.equity) == "10000"


def test_a_stop_tells_the_cash_of_each_currency() -> None:
    """In its final record."""
    rehearsal = rehearse(market(RATES), account={**ACCOUNT, "cash": {"EUR": "5"}})
    rehearsal.rows(3)
    rehearsal.stop()
    (stopped,) = rehearsal.of(r.SessionStopped)
    assert {name: str(amount) for name, amount in stopped.balances.items()} == {
        "USD": "10000",
        "EUR": "5",
    }
    assert str(stopped.equity) == "10005.5"


class Looker(Strategy):
    """Looks at its account at every quote; sells short at the first."""

    def on_start(self) -> None:
        self.seen: list[Any] = []

    def on_quote(self, quote: Any) -> None:
        if len(self.seen) == 1:
            self.sell("SAP", 10)
        self.seen.append(self.account)


def test_a_strategy_sees_its_account_in_all_currencies() -> None:
    """Short ten shares at 99.98 euros, of which half is bound; the rest can be had twice."""
    account = {**ACCOUNT, "cash": {"EUR": "0"}, "type": AccountType.MARGIN, "leverage": "2"}
    strategy = Looker()
    rehearsal = rehearse(market(RATES), strategy, account=account)
    rehearsal.rest()
    seen = strategy.seen[2]
    assert {name: str(amount) for name, amount in seen.balances.items()} == {
        "USD": "10000",
        "EUR": "999.8",
    }
    assert (str(seen.equity), str(seen.margin_used)) == ("9999.78", "550")
    assert str(seen.buying_power) == "18899.56"
    assert seen.reserved == 0


def test_a_snapshot_keeps_the_watch_over_a_margin_account() -> None:
    """The engine that it became gives the same records for the rest."""
    account = {**ACCOUNT, "type": AccountType.MARGIN, "leverage": "10"}
    rehearsal = rehearse(market(RATES), account=account, cash="130")
    rehearsal.rows(2)
    order(rehearsal, OrderSide.SELL, "10", "99")
    engine = restored(rehearsal, None, rehearsal.engine.snapshot() or b"")
    assert engine.wake().every_row == {"SAP", "EURUSD"}
    begin = rehearsal.engine.cursor.row
    made = rehearsal.rest()
    again = engine.process([rehearsal.all_rows.rows(begin, len(rehearsal.all_rows))])
    assert any(isinstance(record, r.MarginCalled) for record in made)
    assert [r.encode_record(record) for record in again] == [r.encode_record(m) for m in made]
