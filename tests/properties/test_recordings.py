"""What is written exactly is read exactly: no digit is lost or made on the way from a file."""

from __future__ import annotations

import asyncio
import tempfile
from datetime import UTC, datetime, timedelta, timezone
from fractions import Fraction
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.recordings import HEADER, NS, first_slice, parquet, quotes

from offbook.adapters.brokers.replay.faults import CellFault
from offbook.adapters.brokers.replay.numbers import units_from_double, units_from_text
from offbook.adapters.brokers.replay.times import time_from_text
from offbook.domain.config import ReplayMarket
from offbook.domain.market_data import QuoteSlice
from offbook.domain.values import MAX_UNITS, text_to_units, units_to_text
from offbook.testing.markets import BTCUSDT

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

precisions = st.integers(0, 9)
many_units = st.lists(
    st.one_of(
        st.integers(1, MAX_UNITS - 1),
        st.integers(1, 10**18),
        st.integers(1, 10**6),
        st.sampled_from(
            [10**15 - 1, 10**15, 2**53 - 1, 2**53, 2**53 + 1, 10**17 + 1, 10**18 - 1, 10**18]
        ),
    ),
    min_size=1,
    max_size=30,
)


def spelled(units: int, precision: int, style: int) -> str:
    """One of the ways to write the same number."""
    plain = units_to_text(units, precision, trim=False)
    trimmed = units_to_text(units, precision)
    return (
        plain,
        trimmed,
        f"000{trimmed}",
        f"{plain}000000000000" if precision else f"{plain}.000",
        f"+{trimmed}",
        f" {plain} ",
        f"{units}e-{precision}",
        f"{units}0E-{precision + 1}",
        trimmed.removeprefix("0") if trimmed.startswith("0.") else f"{trimmed}",
        f'"{plain}"',
    )[style]


def market(path: Path, precision: int) -> ReplayMarket:
    instrument = msgspec.structs.replace(
        BTCUSDT, price_precision=precision, qty_precision=precision, tick_size="1", lot_size="1"
    )
    return msgspec.structs.replace(quotes(path), instrument=instrument)


async def read_units(config: ReplayMarket) -> list[int]:
    part = await first_slice(config)
    assert isinstance(part, QuoteSlice)
    columns = [part.bid_px, part.ask_px, part.bid_qty, part.ask_qty]
    assert len({tuple(column.tolist()) for column in columns}) == 1
    part.check()
    found: list[int] = columns[0].tolist()
    return found


@settings(max_examples=20)
@given(precision=precisions, units=many_units, data=st.data())
def test_text_is_read_exactly_however_it_is_spelled(
    precision: int, units: list[int], data: st.DataObject
) -> None:
    styles = data.draw(st.lists(st.integers(0, 9), min_size=len(units), max_size=len(units)))
    texts = [spelled(u, precision, style) for u, style in zip(units, styles, strict=True)]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "quotes.csv"
        lines = [f"{NS},{text},{text},{text},{text}" for text in texts]
        path.write_text("\n".join([HEADER, *lines]))
        assert asyncio.run(read_units(market(path, precision))) == units


@settings(max_examples=18)
@given(precision=precisions, units=many_units, kind=st.sampled_from(["DECIMAL", "VARCHAR", "wide"]))
def test_parquet_decimals_and_text_are_read_exactly(
    precision: int, units: list[int], kind: str
) -> None:
    texts = [units_to_text(u, precision, trim=False) for u in units]
    sql_type = {
        "DECIMAL": f"DECIMAL(38,{precision})",
        "wide": f"DECIMAL(38,{precision + 3})",
        "VARCHAR": "VARCHAR",
    }[kind]
    assert asyncio.run(read_parquet(texts, sql_type, precision)) == units


@settings(max_examples=18)
@given(precision=precisions, units=many_units)
def test_parquet_doubles_that_hold_a_decimal_give_it_back(precision: int, units: list[int]) -> None:
    doubles = {u: u / 10**precision for u in units}
    exact = [u for u, value in doubles.items() if same_units(value, precision) == u]
    # Decimals of up to 15 digits each have a double of their own.
    assert {u for u in units if u < 10**15} <= set(exact)
    assert all(same_units(value, precision) in (None, u) for u, value in doubles.items())
    if exact:
        texts = [repr(doubles[u]) for u in exact]
        assert asyncio.run(read_parquet(texts, "DOUBLE", precision)) == exact


@settings(max_examples=15)
@given(units=st.lists(st.integers(1, 2**31 - 1), min_size=1, max_size=20), data=st.data())
def test_parquet_whole_numbers_are_read_exactly(units: list[int], data: st.DataObject) -> None:
    sql_type = data.draw(st.sampled_from(["INTEGER", "BIGINT", "UBIGINT", "HUGEINT"]))
    found = asyncio.run(read_parquet([str(u) for u in units], sql_type, 3))
    assert found == [u * 1000 for u in units]


async def read_parquet(texts: list[str], sql_type: str, precision: int) -> list[int]:
    names = HEADER.split(",")
    columns = dict.fromkeys(names, texts) | {"ts_init": [str(NS)] * len(texts)}
    types = dict.fromkeys(names, sql_type) | {"ts_init": "BIGINT"}
    with tempfile.TemporaryDirectory() as folder:
        path = parquet(Path(folder) / "quotes.parquet", columns, types)
        return await read_units(market(path, precision))


def same_units(value: float, precision: int) -> int | None:
    try:
        return units_from_double(value, precision)
    except CellFault:
        return None


@given(value=st.floats(allow_nan=False, allow_infinity=False), precision=st.integers(0, 12))
def test_a_double_is_taken_only_if_its_decimal_rounds_to_it(value: float, precision: int) -> None:
    units = same_units(value, precision)
    if units is not None:
        assert float(Fraction(units, 10**precision)) == value
        assert abs(Fraction(value) - Fraction(units, 10**precision)) <= Fraction(
            1, 2 * 10**precision
        )


@given(
    text=st.from_regex(r"-?[0-9]{1,22}(\.[0-9]{0,22})?", fullmatch=True),
    precision=st.integers(0, 12),
)
def test_text_is_judged_as_everywhere_else(text: str, precision: int) -> None:
    try:
        expected: int | None = text_to_units(text, precision)
    except ValueError:
        expected = None
    if expected is not None and abs(expected) >= MAX_UNITS:
        expected = None
    try:
        found: int | None = units_from_text(text, precision)
    except CellFault:
        found = None
    assert found == expected


moments = st.datetimes(datetime(1970, 1, 3), datetime(2115, 1, 1))  # noqa: DTZ001 - given a zone below
offsets = st.integers(-23 * 60 - 59, 23 * 60 + 59)


@settings(max_examples=20)
@given(cells=st.lists(st.tuples(moments, offsets, st.integers(0, 999)), min_size=1, max_size=30))
def test_times_with_offsets_are_read_to_the_nanosecond(
    cells: list[tuple[datetime, int, int]],
) -> None:
    texts, expected = [], []
    for moment, minutes, rest in cells:
        zoned = moment.replace(tzinfo=timezone(timedelta(minutes=minutes)))
        text = zoned.isoformat(timespec="microseconds")
        texts.append(f"{text[:-6]}{rest:03d}{text[-6:]}")
        expected.append((zoned - EPOCH) // timedelta(microseconds=1) * 1000 + rest)
    assert [time_from_text(text) for text in texts] == expected
    order = sorted(range(len(cells)), key=expected.__getitem__)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "quotes.csv"
        path.write_text("\n".join([HEADER, *(f"{texts[i]},1,1,1,1" for i in order)]))
        part = asyncio.run(first_slice(quotes(path)))
        assert part.ts.tolist() == sorted(expected)


@pytest.mark.parametrize("precision", [0, 2, 9])
def test_seventeen_digits_and_more_survive(precision: int, tmp_path: Path) -> None:
    """A double would lose the last digits of each of these."""
    units = [12345678901234567, 123456789012345678, 1234567890123456789, 4611686018427387903]
    path = tmp_path / "quotes.csv"
    lines = [f"{NS}" + f",{units_to_text(u, precision, trim=False)}" * 4 for u in units]
    path.write_text("\n".join([HEADER, *lines]))
    assert all(int(float(u)) != u for u in units)
    assert asyncio.run(read_units(market(path, precision))) == units
