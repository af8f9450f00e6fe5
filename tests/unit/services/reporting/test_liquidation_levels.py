"""At which price a position would be liquidated: the figures that exchanges publish, and others by
hand; what the engine does there is the proof."""

from __future__ import annotations

import msgspec
import pytest
from tests.unit.services.reporting.acting import Deal, play

from offbook.domain.config import AccountConfig, FlatFee
from offbook.domain.contracts import ContractTerms
from offbook.domain.instruments import AssetClass, Instrument
from offbook.engine.ledger.folding import fold
from offbook.services.reporting.liquidation_levels import CalledWhere, LiquidationLevels
from offbook.services.reporting.listing import make_listing
from offbook.testing.markets import BTCUSDT, XYZ, combined, quotes_market

LINEAR = msgspec.structs.replace(
    BTCUSDT, asset_class=AssetClass.CRYPTO_PERPETUAL, contract=ContractTerms()
)
INVERSE = msgspec.structs.replace(LINEAR, contract=ContractTerms(is_inverse=True))
EUR_SHARE = msgspec.structs.replace(XYZ, symbol="EURO", base="EURO", quote_currency="EUR")
EURUSD = msgspec.structs.replace(
    BTCUSDT,
    symbol="EURUSD",
    base="EUR",
    quote_currency="USD",
    price_precision=4,
    tick_size="0.0001",
)
USDEUR = msgspec.structs.replace(EURUSD, symbol="USDEUR", base="USD", quote_currency="EUR")
MUCH = "1000000000"


def level(
    qty: str, prices: tuple[str, ...], account: AccountConfig, instrument: Instrument = LINEAR
) -> tuple[str, str | None]:
    """What is held at the end of these prices, bought or sold at the second, and its level."""
    market = quotes_market([(px, px, MUCH, MUCH) for px in prices], instrument=instrument)
    played = play(market, [Deal(1, qty)], account=account)
    (line,) = make_listing(played.session, played.records).positions
    return line.qty, line.liquidation_px


def account(currency: str, cash: str, **terms: object) -> AccountConfig:
    given = {"maintenance_margin": "0.005", **terms}
    if "maintenance_tiers" in given:
        del given["maintenance_margin"]
    return msgspec.convert(
        {"currency": currency, "type": "margin", "initial_cash": cash, **given}, AccountConfig
    )


def tiers(*pairs: tuple[str, str]) -> list[dict[str, str]]:
    return [{"above": above, "rate": rate} for above, rate in pairs]


def isolated(currency: str, cash: str, leverage: str) -> AccountConfig:
    """A position of its own margin, maintained by its value at entry, as at Bybit."""
    return account(
        currency, cash, leverage=leverage, margin_mode="isolated", maintenance_basis="entry"
    )


def test_bybit_s_examples() -> None:
    """One bitcoin at 20,000 with a leverage of 50 stands down to 19,700; 60,000 dollars of an
    inverse contract sold at 50,000 with one of 10 up to 55,248.62 (*Liquidation Price
    Calculation under Isolated Mode*)."""
    held = ("20000", "20000")
    assert level("1", held, isolated("USDT", "1000", "50")) == ("1", "19700.00")
    assert level("1", (*held, "19700"), isolated("USDT", "1000", "50"))[0] == "1"
    assert level("1", (*held, "19699.99", "19000"), isolated("USDT", "1000", "50"))[0] == "0"
    short = ("50000", "50000")
    assert level("-60000", short, isolated("BTC", "1", "10"), INVERSE) == ("-60000", "55248.61")
    called = (*short, "55248.62", "60000")
    assert level("-60000", called, isolated("BTC", "1", "10"), INVERSE)[0] == "0"


def test_binance_s_calculator() -> None:
    """A wallet of 1,535,443.01 with tiers, long 109.488 from 32,481.98: 18,778.73."""
    steps = tiers(("0", "0.004"), ("50000", "0.005"), ("250000", "0.01"), ("1000000", "0.025"))
    on = account("USDT", "1535443.01", leverage="5", maintenance_tiers=steps)
    assert level("109.488", ("32481.98", "32481.98"), on) == ("109.488", "18778.73")
    # It is where it was, wherever the price has gone meanwhile.
    assert level("109.488", ("32481.98", "32481.98", "25000"), on)[1] == "18778.73"


@pytest.mark.parametrize(("qty", "last"), [("1", "91.01"), ("-1", "108.90")])
def test_a_whole_account_stands_as_far_as_its_equity(qty: str, last: str) -> None:
    """9.45 of cash, one coin at 100: (p - 100) + 9.45 is half a percent of p at 91.005, and the
    other way round for who is short at 108.905."""
    on = account("USDT", "9.45", leverage="20")
    assert level(qty, ("100", "100"), on) == (qty, last)


def test_what_cannot_be_called_has_no_level() -> None:
    """A cash account, more cash than can be lost, and what has been closed."""
    cash = AccountConfig(currency="USDT", initial_cash="1000")
    spot = level("1", ("100", "100"), cash, BTCUSDT)
    assert spot == ("1", None)
    rich = account("USDT", "1000", leverage="20")
    assert level("1", ("100", "100"), rich) == ("1", None)
    assert level("-1", ("100", "100"), rich) == ("-1", "1094.52")


@pytest.mark.parametrize(("qty", "last", "level_px"), [("1", "120", 10307), ("-1", "80", 9696)])
def test_before_the_end_the_level_may_lie_on_either_side_of_what_was_paid(
    qty: str, last: str, level_px: int
) -> None:
    """One coin at 100, and 9.45 of cash less three charges of 4: (p - 100) - 2.55 is half a percent
    of p at 103.065, and the other way round at 96.965; records that do not end tell no price."""
    market = quotes_market(
        [(px, px, MUCH, MUCH) for px in ("100", "100", last, last)], instrument=LINEAR
    )
    deals = [Deal(1, qty), Deal(3, "0.001"), Deal(3, "-0.001")]
    on = account("USDT", "9.45", leverage="20")
    played = play(market, deals, account=on, fee=FlatFee(per_order="4"))
    ledger = fold(played.records[:-1])
    assert ledger.stopped is None
    assert LiquidationLevels(played.session.config, ledger).of("BTCUSDT") == level_px


@pytest.mark.parametrize(
    ("pair", "qty", "shares", "last", "side"),
    [
        (EURUSD, "10", "-10", "1.4659", CalledWhere.ABOVE),
        (EURUSD, "-10", "10", "0.4734", CalledWhere.BELOW),
        (USDEUR, "10", "10", "1.8811", CalledWhere.ABOVE),
        (USDEUR, "10", "-10", "0.7024", CalledWhere.BELOW),
    ],
    ids=["long, above", "short, below", "in euros, above", "in euros, below as usual"],
)
def test_a_pair_that_is_a_rate_is_called_on_the_side_where_all_in_its_currency_loses(
    pair: Instrument, qty: str, shares: str, last: str, side: CalledWhere
) -> None:
    """50 dollars, 10 of the pair at 1 and 10 shares at 10 euros: with both 5 percent maintained,
    140 + 10r - 100r = 5.5r at r = 1.46597, -40 - 10r + 100r = 5.5r at 0.47337; and in euros per
    dollar -60 + 10 + 100/r = 0.5 + 5/r at 1.88119, 140 + 10 - 100/r = 0.5 + 5/r at 0.70234."""
    rates = quotes_market([("1", "1", MUCH, MUCH)] * 4, instrument=pair)
    euros = quotes_market([("10", "10", MUCH, MUCH)] * 4, instrument=EUR_SHARE)
    terms = {"leverage": "3", "maintenance_margin": "0.05"}
    on = account("USD", "50", rates_from={"EUR": pair.symbol}, **terms)
    deals = [Deal(3, qty, None, pair.symbol), Deal(3, shares, None, "EURO")]
    played = play(combined(rates, euros), deals, account=on)
    lines = make_listing(played.session, played.records).positions
    found = {line.symbol: (line.qty, line.liquidation_px, line.liquidation_side) for line in lines}
    assert found[pair.symbol] == (qty, last, side)
    assert found["EURO"][0] == shares
