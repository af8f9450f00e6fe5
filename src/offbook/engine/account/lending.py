"""Dated rates, and which shares can be borrowed at which."""

from __future__ import annotations

from bisect import bisect_right

from offbook.domain.config import FinancingConfig, Unlisted
from offbook.domain.config.financing import day_of


class Dated:
    """Rates of one symbol or currency, each from its day on."""

    def __init__(self) -> None:
        self._days: list[int] = []
        self._rates: list[tuple[str, ...] | None] = []

    def add(self, since: int, rate: tuple[str, ...] | None) -> None:
        """A later rate; None where there is none any more."""
        self._days.append(since)
        self._rates.append(rate)

    def at(self, ts: int) -> tuple[bool, tuple[str, ...] | None]:
        """Whether anything is said of a moment, and what."""
        place = bisect_right(self._days, ts) - 1
        return place >= 0, self._rates[place] if place >= 0 else None


class Lending:
    """Which shares can be borrowed, and for how much a year."""

    def __init__(self, config: FinancingConfig | None) -> None:
        self._free = config is None or config.unlisted is Unlisted.FREE
        self._listed: dict[str, Dated] = {}
        for one in () if config is None else config.borrow:
            rate = None if one.rate is None else (one.rate,)
            self._listed.setdefault(one.symbol, Dated()).add(day_of(one.since, "borrow"), rate)

    def rate(self, symbol: str, ts: int) -> str | None:
        """The yearly rate as decimal text; None for what cannot be borrowed."""
        listed = self._listed.get(symbol)
        told, rate = (False, None) if listed is None else listed.at(ts)
        if told:
            return None if rate is None else rate[0]
        return "0" if self._free else None
