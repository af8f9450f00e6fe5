"""Files of Lean, as its documentation describes them: what becomes of them, at which times."""

from __future__ import annotations

import zipfile
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from offbook.adapters.brokers.replay.inspecting import inspect_recording
from offbook.adapters.brokers.replay.lean_files import lean_files
from offbook.adapters.brokers.replay.lean_rows import write_lean
from offbook.config.markets import MarketDescription, read_description
from offbook.config.recordings import convert_data
from offbook.domain.errors import BadMarketData, InvalidConfig, InvalidInput, OffbookError
from offbook.domain.instruments import AssetClass
from offbook.domain.market_data import DataKind

NEW_YORK, UTC = "America/New_York", "UTC"
OPENS = 34_200_000
BAR = f"{OPENS},1681200,1683400,1680000,1682900,120034\n"
QUOTE_BAR = f"{OPENS},1681200,1683400,1680000,1682900,12,1681300,1683500,1680100,1683000,7\n"


def day(folder: Path, what: str, ticker: str, date: str, text: str) -> Path:
    """A day's zip in Lean's folders; ``what`` is security, market, resolution and kind."""
    security, market, resolution, kind = what.split()
    place = folder / security / market / resolution / ticker
    place.mkdir(parents=True, exist_ok=True)
    path = place / f"{date}_{kind}.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{date}_{ticker}_{resolution}_{kind}.csv", text)
    return path


def written(path: Path, **told: object) -> list[str]:
    """The rows that are made, below their header."""
    found = lean_files(path, **told)  # type: ignore[arg-type]  # each by its name
    assert found is not None
    target = path.parent / "made.out"
    write_lean(found, target)
    return target.read_text().splitlines()


def ns(text: str, zone: str) -> int:
    """A reading of a clock as ns UTC, by Python's own calendar."""
    moment = datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))
    return round(moment.timestamp() * 1000) * 1_000_000


def test_minutes_of_a_share_are_bars_in_dollars_on_new_york_s_clock(tmp_path: Path) -> None:
    """In summer and in winter time, and on the Sunday on which it changes."""
    for date in ("20131007", "20131105", "20131103"):
        path = day(tmp_path, "equity usa minute trade", "spy", date, BAR)
        at = ns(f"{date}T09:30", NEW_YORK)
        assert written(path) == [
            "ts_event,open,high,low,close,volume",
            f"{at},168.12,168.34,168,168.29,120034",
        ]


def test_ticks_of_a_share_are_trades_without_the_suspicious(tmp_path: Path) -> None:
    """With their parts of a millisecond."""
    rows = (
        "34200000.123,1681200,100,P,0,0\n34200000.5,9981200,100,D,0,1\n34200001,1681300,2,D,1,0\n"
    )
    path = day(tmp_path, "equity usa tick trade", "spy", "20131007", rows)
    opens = ns("20131007T09:30", NEW_YORK)
    assert written(path)[1:] == [
        f"{opens + 123_000},168.12,100",
        f"{opens + 1_000_000},168.13,2",
    ]


@pytest.mark.parametrize(
    ("market", "zone"), [("oanda", UTC), ("fxcm", "Etc/GMT+5")], ids=["UTC", "UTC-5"]
)
def test_ticks_of_a_currency_are_quotes_on_the_clock_of_their_broker(
    tmp_path: Path, market: str, zone: str
) -> None:
    """In July too, when New York is four hours behind."""
    rows = "0,1.38651,1.38669\n1200.5,1.38652,1.3867\n"
    path = day(tmp_path, f"forex {market} tick quote", "eurusd", "20140701", rows)
    begins = ns("20140701T00:00", zone)
    assert written(path) == [
        "ts_event,bid,ask",
        f"{begins},1.38651,1.38669",
        f"{begins + 1_200_500_000},1.38652,1.3867",
    ]


def test_bars_of_quotes_are_the_quotes_with_which_they_ended(tmp_path: Path) -> None:
    """At their end; one side alone is left out, and sizes where there are none."""
    alone = f"{OPENS - 60_000},,,,,,1683000,1683000,1683000,1683000,5\n"
    path = day(tmp_path, "equity usa minute quote", "spy", "20131007", alone + QUOTE_BAR)
    at = ns("20131007T09:31", NEW_YORK)
    assert written(path) == ["ts_event,bid,ask,bid_size,ask_size", f"{at},168.29,168.3,12,7"]
    pair = "0,1.1,1.2,1.0,1.15,0,1.2,1.3,1.1,1.16,0\n"
    path = day(tmp_path, "forex oanda second quote", "eurusd", "20140501", pair)
    assert written(path) == ["ts_event,bid,ask", f"{ns('20140501T00:00:01', UTC)},1.15,1.16"]


def test_crypto_has_sizes_and_utc(tmp_path: Path) -> None:
    """Ticks of both kinds, with a mark of suspicion or without, and bars."""
    rows = "60,610.5,1.5,611,2\n61,610.5,1.5,611,2,0\n62,10.5,1.5,611,2,1\n"
    ticks = day(tmp_path, "crypto coinbase tick quote", "btcusd", "20161007", rows)
    at = ns("20161007T00:00", UTC) + 60_000_000
    times = [at, at + 1_000_000]
    assert written(ticks)[1:] == [f"{time},610.5,611,1.5,2" for time in times]
    rows = "60,610.50,0.10\n61,610.50,0.10,0\n62,9.50,0.10,1\n"
    trades = day(tmp_path, "crypto coinbase tick trade", "btcusd", "20161007", rows)
    assert written(trades)[1:] == [f"{time},610.5,0.1" for time in times]
    bars = day(tmp_path, "crypto coinbase minute trade", "btcusd", "20161007", "0,1,2,1,2,3E-5\n")
    assert written(bars)[1:] == [f"{at - 60_000_000},1,2,1,2,0.00003"]


def test_a_folder_of_days_is_one_recording_of_one_kind(tmp_path: Path) -> None:
    """In the order of the days, trades unless quotes are asked for, packed or not."""
    for date in ("20131008", "20131007"):
        day(tmp_path, "equity usa minute trade", "spy", date, BAR)
        day(tmp_path, "equity usa minute quote", "spy", date, QUOTE_BAR)
    folder = tmp_path / "equity" / "usa" / "minute" / "spy"
    days = [ns(f"{date}T09:30", NEW_YORK) for date in ("20131007", "20131008")]
    assert [int(row.split(",")[0]) for row in written(folder)[1:]] == days
    quotes = written(folder, kind=DataKind.QUOTES)[1:]
    assert [int(row.split(",")[0]) for row in quotes] == [at + 60_000_000_000 for at in days]
    (folder / "20131009_spy_minute_trade.csv").write_text(BAR)
    assert len(written(folder)) == 4
    (folder / "20131008_spy_minute_trade.csv").write_text(BAR)
    with pytest.raises(InvalidInput, match="2013-10-08 twice"):
        lean_files(folder)


def test_hours_and_days_of_all_years_are_in_one_zip(tmp_path: Path) -> None:
    """Days by their date, hours on the clock."""
    for resolution, told in (("daily", "00:00"), ("hour", "15:00")):
        place = tmp_path / "equity" / "usa" / resolution
        place.mkdir(parents=True)
        with zipfile.ZipFile(place / "spy.zip", "w") as archive:
            archive.writestr("spy.csv", f"20131007 {told},1681200,1683400,1680000,1682900,9\n")
    (row,) = written(tmp_path / "equity/usa/daily/spy.zip")[1:]
    assert row == "2013-10-07,168.12,168.34,168,168.29,9"
    (row,) = written(tmp_path / "equity/usa/hour/spy.zip")[1:]
    assert row.startswith(f"{ns('20131007T15:00', NEW_YORK)},168.12,")
    other = tmp_path / "mine" / "of" / "daily"
    other.mkdir(parents=True)
    assert lean_files(other / "BTCUSDT.zip") is None


def test_what_no_folder_tells_is_asked_for(tmp_path: Path) -> None:
    """What it is, on which clock, and of which day."""
    path = day(tmp_path, "forex oanda tick quote", "eurusd", "20140501", "0,1.1,1.2\n")
    loose = path.rename(tmp_path / path.name)
    for told, said in (
        ({}, "name one with --layout lean-equity, lean-forex, lean-crypto"),
        ({"layout": "lean-forex"}, "name it with --timezone"),
        ({"layout": "lean-bonds"}, "expected one of lean-equity"),
        ({"layout": "lean-equity"}, "tell one side of one exchange each"),
        ({"layout": "lean-crypto", "kind": DataKind.BARS}, "has quotes: name no other kind"),
    ):
        with pytest.raises(InvalidInput, match=said):
            lean_files(loose, **told)
    assert written(loose, layout="lean-forex", timezone=UTC)[1:]
    (tmp_path / "empty").mkdir()
    assert lean_files(tmp_path / "empty") is None
    with pytest.raises(InvalidInput, match="holds no day of Lean"):
        lean_files(tmp_path / "empty", layout="lean-equity")
    plain = tmp_path / "ticks.csv"
    plain.write_text("0,1.1,1.2\n")
    assert lean_files(plain) is None
    with pytest.raises(InvalidInput, match="name the day with --date"):
        lean_files(plain, layout="lean-forex", timezone=UTC)
    (row,) = written(plain, layout="lean-forex", timezone=UTC, day="2014-05-01")[1:]
    assert row == f"{ns('20140501T00:00', UTC)},1.1,1.2"
    plain.write_text(BAR)
    told = {"layout": "lean-equity", "day": "2013-10-07", "timeframe": "1m"}
    assert written(plain, **told)[1:] == [
        f"{ns('20131007T09:30', NEW_YORK)},168.12,168.34,168,168.29,120034"
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"{BAR}x,1,2,1,2,3\n", "row 2: 'x,1,2,1,2,3' is no row of bars of Lean"),
        ("1,2,3\n", "row 1: '1,2,3' is no row of bars"),
        ("86400001,1,2,1,2,3\n", "row 1: '86400001' is no time of a day"),
        ("1,1e99,2,1,2,3\n", "row 1: "),
        ("", "has no bars"),
    ],
)
def test_a_row_that_is_none_is_told_with_its_place(tmp_path: Path, text: str, said: str) -> None:
    """And so is a file without one."""
    path = day(tmp_path, "equity usa minute trade", "spy", "20131007", text)
    with pytest.raises(BadMarketData, match=said):
        written(path)


def test_a_zip_that_is_damaged_or_holds_more_is_refused(tmp_path: Path) -> None:
    """As those of options do, a file for each contract."""
    path = day(tmp_path, "equity usa minute trade", "spy", "20131007", BAR * 500)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(BadMarketData, match="is a damaged zip file"):
        lean_files(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.csv", "")
        archive.writestr("b.csv", "")
    with pytest.raises(InvalidInput, match="holds 2 files"):
        lean_files(path)


def test_years_that_are_not_counted_in_nanoseconds_are_refused(tmp_path: Path) -> None:
    """In a name as in a row."""
    path = day(tmp_path, "equity usa minute trade", "spy", "99991231", BAR)
    with pytest.raises(InvalidInput, match="date '99991231': expected one of 1970 to 2261"):
        lean_files(path)
    hours = tmp_path / "equity" / "usa" / "hour" / "spy.zip"
    hours.parent.mkdir()
    with zipfile.ZipFile(hours, "w") as archive:
        archive.writestr("spy.csv", "99991231 09:00,1,2,1,2,3\n")
    with pytest.raises(BadMarketData, match="row 1: '99991231 09:00,1,2,1,2,3' is no row of bars"):
        written(hours)


def test_a_folder_that_is_named_as_a_zip_is_no_day(tmp_path: Path) -> None:
    """Neither by itself nor among others."""
    folder = tmp_path / "20131007_trade.zip"
    folder.mkdir()
    with pytest.raises(InvalidConfig, match="there is no recording"):
        convert_data(str(folder), tmp_path / "made.csv", MarketDescription())
    with pytest.raises(InvalidInput, match="is a folder: name a file in it"):
        convert_data(str(folder), tmp_path / "m.csv", MarketDescription(), layout="databento")
    with pytest.raises(OffbookError, match=r"20131007_trade\.zip cannot be read: "):
        lean_files(tmp_path)


def test_conversion_keeps_what_the_names_tell(tmp_path: Path) -> None:
    """Symbol, length and what it is stand beside the new file, which runs as it is."""
    folder = day(tmp_path, "equity usa minute trade", "spy", "20131007", BAR).parent
    made, description = convert_data(str(folder), tmp_path / "spy.csv", MarketDescription())
    assert (made.kind, made.rows) == (DataKind.BARS, 1)
    assert description is not None
    told = read_description(tmp_path / "spy.csv")
    assert (told.symbol, told.asset_class, told.timeframe) == ("SPY", AssetClass.EQUITY, "1m")
    pair = day(tmp_path, "forex fxcm tick quote", "eurusd", "20140501", "0,1.1,1.2\n")
    with pytest.raises(InvalidConfig, match="offbook data convert --quote-size"):
        convert_data(str(pair), tmp_path / "pair.csv", MarketDescription())
    convert_data(str(pair), tmp_path / "pair.csv", MarketDescription(), quote_size="1000000")
    assert read_description(tmp_path / "pair.csv").symbol == "EURUSD"
    assert "1000000,1000000" in (tmp_path / "pair.csv").read_text()


def test_whoever_names_such_files_as_a_recording_is_told_what_to_type(tmp_path: Path) -> None:
    """The folder, a day, and the file in it."""
    folder = day(tmp_path, "equity usa minute trade", "spy", "20131007", BAR).parent
    plain = tmp_path / "20131007_spy_minute_trade.csv"
    plain.write_text(BAR)
    for path in (folder, folder / "20131007_trade.zip", plain):
        with pytest.raises(OffbookError, match=f"offbook data convert {path} made.csv.gz"):
            inspect_recording(str(path))


def test_a_day_in_a_zip_of_another_name_is_told_with_the_layouts(tmp_path: Path) -> None:
    named = day(tmp_path, "forex fxcm minute quote", "eurusd", "20140501", BAR)
    other = named.rename(tmp_path / "fxcm_eurusd_20140501.zip")
    with pytest.raises(OffbookError) as refused:
        convert_data(str(other), tmp_path / "made.csv", MarketDescription())
    assert f"offbook data convert {other} made.csv.gz, with --layout " in str(refused.value)
