"""Data as it is named on a command line, made into a market."""

from __future__ import annotations

from pathlib import Path

import pytest

from offbook.config.gathering import describe_data
from offbook.config.guessing import guess
from offbook.config.markets import SHIPPED, MarketDescription, locate_recording
from offbook.domain.calendars import DAY_NS
from offbook.domain.config import CombinedMarket, ReplayMarket, SyntheticMarket
from offbook.domain.errors import InvalidConfig
from offbook.domain.instruments import AssetClass
from offbook.domain.market_data import DataKind

QUOTES = "ts_init,bid,ask,bid_size,ask_size\n1704205800,1.25,1.5,1,1\n"
BARS = "time,open,high,low,close,volume\n1704205800,1,2,1,2,5\n"
PAIR = MarketDescription(symbol="A/B", asset_class=AssetClass.CRYPTO_SPOT, tick="0.01", lot="0.001")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "q.csv").write_text(QUOTES)
    (tmp_path / "b.csv").write_text(BARS)
    return tmp_path


def symbols(market: CombinedMarket | ReplayMarket | SyntheticMarket) -> list[str]:
    return [source.instrument.symbol for source in market.sources]


def test_everything_that_ships_is_there_and_described() -> None:
    for name in SHIPPED:
        assert locate_recording(name).is_file()
        describe_data([name], MarketDescription())


def test_one_source_is_a_market_of_its_own(folder: Path) -> None:
    market = describe_data(["q.csv"], PAIR)
    assert isinstance(market, ReplayMarket)
    assert market.path == str(folder / "q.csv")


def test_a_timeframe_that_is_said_of_all_is_meant_for_bars(folder: Path) -> None:
    given = MarketDescription(timeframe="1m", **{n: getattr(PAIR, n) for n in _TOLD})
    market = describe_data(["q.csv", "b.csv"], given)
    assert [source.timeframe_ns for source in market.sources] == [None, 60 * 10**9]
    with pytest.raises(InvalidConfig, match="they have no timeframe"):
        describe_data(["q.csv"], given)


_TOLD = ("symbol", "asset_class", "tick", "lot")


def test_what_is_told_of_a_symbol_once_holds_for_its_other_sources(folder: Path) -> None:
    (folder / "q.csv.toml").write_text(
        'symbol = "A/B"\nasset_class = "crypto_spot"\ntick = 0.01\nlot = 0.001\n'
    )
    market = describe_data(["q.csv", "A/B=b.csv"], MarketDescription(timeframe="1m"))
    assert symbols(market) == ["A/B", "A/B"]


def test_sources_of_one_symbol_are_stored_at_the_finest_precision_of_any(folder: Path) -> None:
    (folder / "b.csv").write_text(BARS + "1704205860,1.0001,2,1,2,5\n")
    given = MarketDescription(
        timeframe="1m", price_decimals="auto", **{n: getattr(PAIR, n) for n in _TOLD}
    )
    market = describe_data(["q.csv", "b.csv"], given)
    assert [source.instrument.price_precision for source in market.sources] == [4, 4]


def test_a_symbol_before_a_source_says_of_which_instrument_it_is(folder: Path) -> None:
    market = describe_data(["C/D=q.csv", "E/F=synthetic:seed=1,rows=10"], PAIR)
    assert symbols(market) == ["C/D", "E/F"]
    (folder / "x=y.csv").write_text(QUOTES)
    assert symbols(describe_data(["x=y.csv"], PAIR)) == ["A/B"]
    with pytest.raises(InvalidConfig, match="gives quotes of A/B once more"):
        describe_data(["q.csv", "A/B=q.csv"], PAIR)


@pytest.mark.parametrize(
    ("name", "kind", "decimals", "guessed"),
    [
        ("BTCUSDT-1m-2024-01.csv", DataKind.BARS, (2, 5),
         ("BTCUSDT", AssetClass.CRYPTO_SPOT, "USDT", "0.01", "0.00001")),
        ("binance_trades_ethbtc.csv.gz", DataKind.TRADES, (5, 0),
         ("ETHBTC", AssetClass.CRYPTO_SPOT, "BTC", "0.00001", "1")),
        ("WIKI-AAPL-2011.csv", DataKind.BARS, (2, 0),
         ("AAPL", AssetClass.EQUITY, None, None, None)),
        ("2024-01.csv", DataKind.QUOTES, (2, 0), (None, None, None, None, None)),
    ],
)  # fmt: skip
def test_a_file_s_name_and_numbers_suggest_an_instrument(
    name: str, kind: DataKind, decimals: tuple[int, int], guessed: tuple[object, ...]
) -> None:
    found = guess(Path(name), kind, *decimals, step_ns=None)
    assert (found.symbol, found.asset_class, found.currency, found.tick, found.lot) == guessed


def test_what_it_is_is_guessed_by_the_symbol_that_is_told() -> None:
    """As of a file that was written anew under another name, with its symbol beside it."""
    found = guess(Path("daily.csv"), DataKind.BARS, 2, 0, DAY_NS, symbol="AAPL")
    assert (found.symbol, found.asset_class, found.timeframe) == ("AAPL", AssetClass.EQUITY, "1d")
