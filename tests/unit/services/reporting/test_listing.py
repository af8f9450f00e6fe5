"""Lines of positions: what is held, what it cost, and what it would bring, by hand."""

import msgspec
from tests.unit.services.reporting.acting import Deal, Played, play

from offbook.domain.config import AccountConfig, AccountType
from offbook.domain.contracts import ContractTerms
from offbook.domain.instruments import AssetClass
from offbook.services.paper_trading.report import make_report
from offbook.services.reporting.listing import PositionLine, make_listing
from offbook.testing.markets import BTCUSDT, quotes_market

INVERSE = msgspec.structs.replace(
    BTCUSDT, asset_class=AssetClass.CRYPTO_PERPETUAL, contract=ContractTerms(is_inverse=True)
)


def _position(played: Played) -> PositionLine:
    (line,) = make_listing(played.session, played.records).positions
    return line


def _margin(currency: str, **rates: str) -> AccountConfig:
    return AccountConfig(
        currency=currency,
        type=AccountType.MARGIN,
        leverage="10",
        initial_cash="10000",
        rates=rates,
    )


def test_a_short_position_gains_what_its_price_falls() -> None:
    """Two sold at 100 for 200, worth 180 at the end: 20, and no more."""
    market = quotes_market([(price, price, "9", "9") for price in ("100", "100", "95", "90")])
    line = _position(play(market, [Deal(1, "-2")], account=_margin("USDT")))
    assert (line.qty, line.cost, line.unrealized) == ("-2", "200", "20")
    assert (line.avg_px, line.currency) == ("100.000000", "USDT")


def test_amounts_of_an_inverse_contract_are_in_what_it_is_settled_in() -> None:
    """Of 200 bought at 100, which were 2 bitcoin, half are sold at 80, for 1.25: a loss of 0.25;
    the rest gains 1 - 0.8 at 125.  Prices are in dollars all the same."""
    market = quotes_market(
        [(price, price, "900", "900") for price in ("100", "100", "80", "125")],
        instrument=INVERSE,
    )
    deals = [Deal(1, "200"), Deal(3, "-100")]
    played = play(market, deals, account=_margin("USDT", BTC="125"))
    line = _position(played)
    assert (line.qty, line.cost, line.realized) == ("100", "1", "-0.25")
    assert (line.unrealized, line.currency) == ("0.2", "BTC")
    fills = make_report(played.session, played.records).fills
    assert {(fill.price, fill.currency) for fill in fills} == {
        ("100.00", "USDT"),
        ("80.00", "USDT"),
    }


def test_what_a_session_that_goes_on_has_gained_is_told_in_its_own_currency_or_not() -> None:
    """Its records hold no last prices; the account's result is that of its only position, in the
    account's currency alone."""
    rows = [(price, price, "900", "900") for price in ("100", "100", "125")]
    for instrument, told in ((BTCUSDT, True), (INVERSE, False)):
        market = quotes_market(rows, instrument=instrument)
        account = _margin("USDT", BTC="125") if instrument is INVERSE else _margin("USDT")
        played = play(market, [Deal(1, "1")], account=account)
        ongoing = Played(
            played.session, played.records[:-1], played.ledger, played.path, played.until
        )
        assert (_position(ongoing).unrealized is not None) is told
