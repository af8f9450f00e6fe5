"""Reports as files: exact, whole or absent, and the same bytes for the same report."""

import csv
import sys
from decimal import Decimal
from pathlib import Path

import duckdb
import msgspec
import pytest
from tests.stage import Stage, Trader, wave

from offbook.adapters.reports import files, picture
from offbook.domain.errors import ExtraNotInstalled, InvalidInput
from offbook.services.reporting.full_report import FullReport, decode_report, read_full_report

TABLES = ("fills", "orders", "flows", "round_trips", "instruments", "equity")


@pytest.fixture
async def report() -> FullReport:
    """The report of a session with a dozen fills."""
    stage = Stage(wave(), Trader)
    async with stage.manager() as manager:
        session = await manager.start_session(stage.config())
        session = await manager.wait(session.id)
    return await read_full_report(session, stage.repository, stage.gateway, points=20)


def rows_of(path: Path) -> list[dict[str, str]]:
    """A CSV file's rows by column."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_json_reads_back_as_the_same_report(report: FullReport, tmp_path: Path) -> None:
    """Indented, and complete."""
    path = files.write_json(report, tmp_path / "deep" / "report.json")
    assert decode_report(path.read_bytes()) == report
    assert [entry.name for entry in path.parent.iterdir()] == ["report.json"]


def test_csv_holds_every_line_exactly(report: FullReport, tmp_path: Path) -> None:
    """Text as in the report; a time in ns and in ISO 8601; nothing where there is no value."""
    paths = files.write_csv(report, tmp_path)
    assert [path.name for path in paths] == [f"{name}.csv" for name in TABLES]
    fills, orders, flows, trips, instruments, equity = map(rows_of, paths)
    assert len(fills) == len(report.session.fills) > 10
    assert fills[0]["fee"] == report.session.fills[0].fee
    assert fills[0]["time"].endswith("Z")
    assert len(orders) == len(report.session.order_list)
    assert flows == []
    assert {row["pairing"] for row in trips} == {"fifo", "position"}
    assert [row["grid"] for row in equity].count("even") == 20
    still_open = [row for row in trips if not row["exit_ts"]]
    assert all(row["exit_time"] == row["exit_px"] == "" for row in still_open)
    assert equity[0]["price BTCUSDT"] == ""  # before the first row
    assert {"0.01", ""} <= {row["position BTCUSDT"] for row in equity}
    assert [row["symbol"] for row in instruments] == ["BTCUSDT"]


def test_parquet_has_the_same_rows_with_exact_types(report: FullReport, tmp_path: Path) -> None:
    """Decimals come back as the very amounts, times as timestamps."""
    texts = files.write_csv(report, tmp_path / "csv")
    for text, typed in zip(texts, files.write_parquet(report, tmp_path), strict=True):
        with duckdb.connect() as connection:
            found = connection.execute("SELECT * FROM read_parquet(?)", [str(typed)])
            names = [column[0] for column in found.description]
            types = {column[0]: str(column[1]) for column in found.description}
            rows = found.fetchall()
        expected = rows_of(text)
        assert len(rows) == len(expected)
        for row, line in zip(rows, expected, strict=True):
            cells = dict(zip(names, row, strict=True))
            for name, value in cells.items():
                if value is None:
                    assert line[name] == ""
                elif isinstance(value, Decimal):
                    assert value == Decimal(line[name])
                elif isinstance(value, (int, float, str)):
                    assert str(value) == line[name]
        times = [name for name in names if name == "time" or name.endswith("_time")]
        assert times or text.name == "instruments.csv"
        assert all(types[name].startswith("TIMESTAMP") for name in times)


def test_a_report_without_fills_gives_tables_with_headers_alone(
    report: FullReport, tmp_path: Path
) -> None:
    """Also as Parquet, with the types that the columns would have."""
    session = msgspec.structs.replace(report.session, fills=(), order_list=())
    empty = msgspec.structs.replace(report, session=session, equity=None)
    assert rows_of(files.write_csv(empty, tmp_path)[0]) == []
    path = files.write_parquet(empty, tmp_path)[0]
    with duckdb.connect() as connection:
        found = connection.execute("SELECT fee, time FROM read_parquet(?)", [str(path)])
        assert [str(column[1]) for column in found.description] == [
            "DECIMAL(38,18)",
            "TIMESTAMP_NS",
        ]


def test_a_writer_that_fails_leaves_the_old_file_and_no_other(
    report: FullReport, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Files appear whole or not at all."""
    path = files.write_json(report, tmp_path / "report.json")
    before = path.read_bytes()

    def full(self: Path, data: bytes) -> int:
        raise OSError("the disk is full")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match="full"):
        files.write_json(report, path)
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["report.json"]


def test_the_picture_is_a_png_and_the_same_each_time(report: FullReport, tmp_path: Path) -> None:
    """Drawn without a screen."""
    pytest.importorskip("matplotlib", reason='matplotlib is not installed: "offbook[report]"')
    first = picture.write_png(report, tmp_path / "a.png", dpi=50).read_bytes()
    assert first.startswith(b"\x89PNG")
    assert first == picture.write_png(report, tmp_path / "b.png", dpi=50).read_bytes()


def test_several_instruments_have_a_panel_each_up_to_four(report: FullReport) -> None:
    """The four of which most was traded, then equity and drawdown, over one axis."""
    pytest.importorskip("matplotlib", reason='matplotlib is not installed: "offbook[report]"')
    (line,) = report.instruments
    symbols = [f"S{i}" for i in range(6)]
    lines = tuple(
        msgspec.structs.replace(line, symbol=symbol, traded=str(i))
        for i, symbol in enumerate(symbols)
    )
    assert report.equity is not None
    even = tuple(
        msgspec.structs.replace(point, prices=dict.fromkeys(symbols, "5.5"))
        for point in report.equity.even
    )
    equity = msgspec.structs.replace(report.equity, even=even)
    figure = picture.draw(msgspec.structs.replace(report, instruments=lines, equity=equity))
    labels = [axes.get_ylabel() for axes in figure.axes]
    prices = [f"{symbol} (USDT)" for symbol in symbols[2:]]
    assert labels == [*prices, "equity (USDT)", "drawdown (%)"]
    assert "4 most traded of 6" in figure.axes[0].get_title(loc="left")


def test_a_session_without_a_trade_can_be_drawn(report: FullReport, tmp_path: Path) -> None:
    """Flat equity, no fill, no drawdown."""
    pytest.importorskip("matplotlib", reason='matplotlib is not installed: "offbook[report]"')
    assert report.equity is not None
    equity = msgspec.structs.replace(
        report.equity, at_fills=(), drawdown=None, even=report.equity.even[:1], daily=()
    )
    session = msgspec.structs.replace(report.session, fills=(), strategy=None, name="quiet")
    quiet = msgspec.structs.replace(report, session=session, equity=equity)
    assert picture.write_png(quiet, tmp_path / "quiet.png", dpi=50).stat().st_size > 0


def test_without_equity_there_is_nothing_to_draw(report: FullReport, tmp_path: Path) -> None:
    """The reason is the report's own."""
    bare = msgspec.structs.replace(report, equity=None, notes=("the recording is gone",))
    with pytest.raises(InvalidInput, match="the recording is gone"):
        picture.write_png(bare, tmp_path / "none.png")


def test_without_matplotlib_the_error_names_what_to_install(
    report: FullReport, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An extra that is not there is no ImportError from within."""
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(ExtraNotInstalled, match=r'pip install "offbook\[report\]"') as caught:
        picture.write_png(report, tmp_path / "none.png")
    assert caught.value.fields == {"extra": "report"}
    assert list(tmp_path.iterdir()) == []
