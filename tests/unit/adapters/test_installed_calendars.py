"""Calendars of exchange_calendars, by a small module that answers as it does."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import datetime
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from offbook.adapters.calendars import load_calendar
from offbook.adapters.installed_calendars import FIRST, LAST, load_installed
from offbook.domain.errors import InvalidConfig

NO_TIME = -(2**63)
"""What pandas has for a time that there is not."""


def moments(*values: int) -> list[SimpleNamespace]:
    return [SimpleNamespace(value=value) for value in values]


class Package(ModuleType):
    """Two days of Tokyo, the second without a break, known from 1997 to 2026; and one that the
    package fails to make."""

    __version__ = "4.0"

    def __init__(self) -> None:
        super().__init__("exchange_calendars")
        self.close = 27
        self.asked: list[tuple[str, ...]] = []
        self.bounds: tuple[str | None, str | None] = ("1997-01-01", "2026-12-31")

    def get_calendar_names(self) -> list[str]:
        return ["XTKS", "ASEX", "XNYS"]

    def get_calendar(self, name: str, **days: str) -> Any:
        self.asked.append((name, *days.values()))
        if name == "ASEX":
            raise NotImplementedError("no such offset")
        least, most = self.bounds
        too_early = least is not None and days.get("start", least) < least
        if too_early or (most is not None and days.get("end", most) > most):
            raise ValueError("out of bounds")
        bounds = [None if day is None else datetime.fromisoformat(day) for day in self.bounds]
        return SimpleNamespace(
            opens=moments(0, 20),
            closes=moments(9, self.close),
            break_starts=moments(3, NO_TIME),
            break_ends=moments(5, NO_TIME),
            bound_min=lambda: bounds[0],
            bound_max=lambda: bounds[1],
        )


@pytest.fixture
def package(monkeypatch: pytest.MonkeyPatch) -> Iterator[Package]:
    made = Package()
    monkeypatch.setitem(sys.modules, "exchange_calendars", made)
    load_calendar.cache_clear()
    yield made
    load_calendar.cache_clear()


def test_any_name_of_the_package_is_a_calendar(package: Package) -> None:
    tokyo = load_calendar("XTKS")
    assert (tokyo.name, tokyo.opens, tokyo.closes) == ("XTKS", (0, 20), (9, 27))
    assert (tokyo.break_starts, tokyo.break_ends) == ((3,), (5,))
    assert load_calendar("XTKS") is tokyo
    # Whatever day it is today, the same days are asked for, as far as the package knows them.
    assert package.asked[-1] == ("XTKS", "1997-01-01", "2026-12-31")


def test_what_the_package_knows_without_end_ends_where_the_shipped_tables_do(
    package: Package,
) -> None:
    package.bounds = (None, None)
    assert load_installed("XTKS") is not None
    assert package.asked == [("XTKS", FIRST, LAST)]
    package.bounds = ("1950-01-01", "2026-12-31")
    assert load_installed("XTKS") is not None
    assert package.asked[-1] == ("XTKS", FIRST, "2026-12-31")


def test_other_hours_of_another_release_are_another_digest(package: Package) -> None:
    before = load_calendar("XTKS").digest()
    load_calendar.cache_clear()
    assert load_calendar("XTKS").digest() == before
    package.close += 1
    load_calendar.cache_clear()
    assert load_calendar("XTKS").digest() != before


def test_a_table_that_ships_goes_before_the_package(package: Package) -> None:
    assert len(load_calendar("XNYS").opens) > 9000
    assert package.asked == []


def test_what_the_package_cannot_make_is_told(package: Package) -> None:
    with pytest.raises(InvalidConfig, match=r"4\.0 cannot make calendar 'ASEX' .*no such offset"):
        load_calendar("ASEX")
    package.close = 1
    with pytest.raises(InvalidConfig, match="XTKS: sessions overlap"):
        load_calendar("XTKS")


def test_an_unknown_name_lists_the_shipped_ones_and_says_what_brings_more(
    package: Package, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(InvalidConfig, match=r"known: 24/7, .*XNYS; .* has none of that name"):
        load_calendar("XXXX")
    monkeypatch.setitem(sys.modules, "exchange_calendars", None)
    with pytest.raises(InvalidConfig, match=r"XNYS; .*pip install \"offbook\[calendars\]\""):
        load_calendar("XTKS")
