"""The hash, the tables and the powers that the rows are made of."""

from __future__ import annotations

import importlib.util
import math
import random
from pathlib import Path

import numpy as np

from offbook.adapters.brokers.synthetic.hashing import Stream, splitmix64
from offbook.adapters.brokers.synthetic.powers import (
    FRACTION_BITS,
    LEVEL_BITS,
    MOST_LEVEL,
    PER_NATURAL,
    level_of,
    prices_at,
)
from offbook.adapters.brokers.synthetic.tables import bits, exponential, normal
from offbook.domain import quantiles

ROOT = Path(__file__).resolve().parents[5]
ONE = 1 << quantiles.QUANTILE_SCALE_BITS
EVERY_ENTRY = np.arange(1024, dtype=np.uint64) << np.uint64(54)


def test_splitmix64_gives_its_published_outputs() -> None:
    assert splitmix64(1234567, 0, 5).tolist() == [
        6457827717110365317,
        3203168211198807973,
        9817491932198370423,
        4593380528125082431,
        16408922859458223821,
    ]
    assert splitmix64(0, 0, 3).tolist() == [
        0xE220A8397B1DCDAF,
        0x6E789E6AA1B965F4,
        0x06C45D188009454F,
    ]


def test_an_output_is_found_without_those_before_it() -> None:
    whole = splitmix64(2**64 - 1, 0, 1000).tolist()
    assert splitmix64(2**64 - 1, 700, 300).tolist() == whole[700:]
    far = 10**18
    assert splitmix64(7, far, 10).tolist()[3:] == splitmix64(7, far + 3, 7).tolist()


def test_streams_differ_by_seed_and_by_purpose() -> None:
    streams = (Stream(1, "walk"), Stream(2, "walk"), Stream(1, "sizes"))
    firsts = {stream.draws(0, 4).tobytes() for stream in streams}
    assert len(firsts) == 3
    assert Stream(1, "walk").draws(0, 4).tobytes() in firsts


def test_bits_of_a_draw_are_never_negative() -> None:
    draws = np.array([2**64 - 1, 2**63, 0x123456789ABCDEF0], dtype=np.uint64)
    assert bits(draws, 32, 2**32 - 1).tolist() == [2**32 - 1, 2**31, 0x12345678]
    assert bits(draws, 4, 255).tolist() == [255, 0, 0xEF]


def test_the_tables_are_what_their_script_makes() -> None:
    spec = importlib.util.spec_from_file_location("made", ROOT / "scripts" / "make_quantiles.py")
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    upper = script.entries(script.NormalDist().inv_cdf, range(512, 1024))
    assert tuple(upper) == quantiles.NORMAL_UPPER
    assert tuple(script.entries(script.exponential, range(1024))) == quantiles.EXPONENTIAL


def test_the_normal_table_is_symmetric_ascending_and_has_the_moments() -> None:
    table = normal(EVERY_ENTRY).tolist()
    assert table == [-value for value in reversed(table)]
    assert table == sorted(table)
    variance = sum(value * value for value in table)
    assert 0.995 * 1024 * ONE**2 < variance < 1.001 * 1024 * ONE**2
    fourth = sum(value**4 for value in table)
    assert 2.9 * 1024 * ONE**4 < fourth < 3.01 * 1024 * ONE**4


def test_the_exponential_table_is_positive_ascending_and_has_the_moments() -> None:
    table = exponential(EVERY_ENTRY).tolist()
    assert table[0] > 0
    assert table == sorted(table)
    assert 0.999 * 1024 * ONE < sum(table) < 1.001 * 1024 * ONE
    assert 1.98 * 1024 * ONE**2 < sum(value * value for value in table) < 2.01 * 1024 * ONE**2


def test_levels_are_logarithms() -> None:
    assert level_of(1) == 0
    assert level_of(2**36) == 36 << LEVEL_BITS
    for ticks in (3, 10_000, 6_000_000, 2**36 - 1):
        assert abs(level_of(ticks) - math.log2(ticks) * 2**LEVEL_BITS) < 2
    assert round(2**LEVEL_BITS / math.log(2)) == PER_NATURAL


def test_prices_are_powers_of_two() -> None:
    draw = random.Random(1)
    levels = [0, 1, (1 << LEVEL_BITS) - 1, MOST_LEVEL]
    levels += [draw.randrange(MOST_LEVEL) for _ in range(2000)]
    prices = prices_at(np.array(levels, dtype=np.int64)).tolist()
    for level, price in zip(levels, prices, strict=True):
        exact = 2.0 ** (level / 2**LEVEL_BITS + FRACTION_BITS)
        assert abs(price - exact) <= exact * 2**-28 + 1


def test_a_price_comes_back_from_its_level() -> None:
    for ticks in (1, 7, 10_000, 123_457, 2**30 + 1):
        (price,) = prices_at(np.array([level_of(ticks)], dtype=np.int64)).tolist()
        assert abs(price - (ticks << FRACTION_BITS)) <= 1 + (ticks << FRACTION_BITS >> 28)
