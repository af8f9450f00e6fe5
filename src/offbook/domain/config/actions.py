"""Corporate actions: what a company does to its shares, on dated days."""

from __future__ import annotations

import enum
from bisect import bisect_left
from datetime import UTC, date, datetime
from math import gcd
from typing import Final, NoReturn

from offbook.domain.calendars import DAY_NS, NEVER, TradingCalendar
from offbook.domain.config.base import RATIO_PRECISION, ConfigPart, exact_decimal, settle_enum
from offbook.domain.errors import InvalidConfig

BEFORE_OPEN_NS: Final = 8 * 3_600_000_000_000
"""How long before the session of its day opens a dated action takes effect: after the extended
hours of the day before, and before those of the day."""


AMOUNT_DECIMALS: Final = 12
"""Decimals of what a unit pays."""


class ActionKind(enum.Enum):
    """What a company does."""

    SPLIT = "split"
    DIVIDEND = "dividend"
    SYMBOL_CHANGE = "symbol_change"
    DELISTING = "delisting"


class Adjustment(enum.Enum):
    """What the prices of a recording have been adjusted for: nothing, splits, or splits and
    dividends."""

    RAW = "raw"
    SPLIT = "split"
    ALL = "all"


class ActionOrders(enum.Enum):
    """What becomes of open orders: adjusted at splits and dividends, at splits alone, or canceled
    at splits."""

    ADJUST = "adjust"
    SPLITS = "splits"
    CANCEL = "cancel"


class CorporateAction(ConfigPart, frozen=True, kw_only=True, omit_defaults=True):
    """One action on ``symbol``.

    ``ex`` and ``pay`` are dates (``2020-08-31``) of the exchange, or moments with an offset from
    UTC.  ``ratio`` is new for old: ``"4:1"``, or ``"1:10"`` for a reverse split; a change of symbol
    may have one.  ``amount`` is what a unit pays as a dividend in ``currency`` (the instrument's
    unless given), or brings when it is delisted (nothing unless given).  ``withholding`` (0 to 1)
    is the tax kept back of a dividend that is received, in place of the account's.
    """

    symbol: str
    kind: ActionKind
    ex: str
    pay: str | None = None
    ratio: str | None = None
    amount: str | None = None
    currency: str | None = None
    new_symbol: str | None = None
    withholding: str | None = None

    def __post_init__(self) -> None:
        settle_enum(self, "kind", ActionKind, "market.actions.kind")
        if not self.symbol:
            self._refuse("symbol", "names no symbol")
        self._check_fields()
        moment_of(self.ex, "market.actions.ex", self.title)
        if self.pay is not None:
            moment_of(self.pay, "market.actions.pay", self.title)
        if self.ratio is not None:
            self._check_ratio()
        if self.amount is not None:
            amount = exact_decimal("market.actions.amount", self.amount, AMOUNT_DECIMALS)
            if amount < 0 or (amount == 0 and self.kind is ActionKind.DIVIDEND):
                self._refuse("amount", f"pays {self.amount}")
        if self.withholding is not None:
            field = "market.actions.withholding"
            if not 0 <= exact_decimal(field, self.withholding, RATIO_PRECISION) <= 1:
                self._refuse("withholding", f"withholds {self.withholding}, expected 0 to 1")
        if self.new_symbol == self.symbol:
            self._refuse("new_symbol", "changes the symbol into itself")

    def _check_fields(self) -> None:
        for name in _NEEDED[self.kind]:
            if getattr(self, name) is None:
                self._refuse(name, f"needs {name}")
        allowed = {*_NEEDED[self.kind], *_MAY_HAVE[self.kind]}
        for name in ("pay", "ratio", "amount", "currency", "new_symbol", "withholding"):
            if getattr(self, name) is not None and name not in allowed:
                self._refuse(name, f"has no {name}")

    def _check_ratio(self) -> None:
        try:
            numerator, denominator = self.new_for_old
        except ValueError:
            numerator = denominator = 0
        if numerator <= 0 or denominator <= 0:
            self._refuse("ratio", f"ratio={self.ratio}: write new for old, such as 4:1 or 1:10")
        if self.kind is ActionKind.SPLIT and numerator == denominator:
            self._refuse("ratio", f"ratio={self.ratio} changes nothing")

    def _refuse(self, field: str, what: str) -> NoReturn:
        raise InvalidConfig(f"{self.title} {what}", field=f"market.actions.{field}")

    @property
    def per_unit(self) -> int:
        """``amount`` in units of 10**-12."""
        scale = 10**AMOUNT_DECIMALS
        text = self.amount or "0"
        return int(exact_decimal("market.actions.amount", text, AMOUNT_DECIMALS) * scale)

    @property
    def withheld_ratio(self) -> tuple[int, int] | None:
        """The tax on a dividend as numerator and denominator; None where it is the account's."""
        if self.withholding is None:
            return None
        share = exact_decimal("market.actions.withholding", self.withholding, RATIO_PRECISION)
        return int(share.scaleb(RATIO_PRECISION)), int(10**RATIO_PRECISION)

    @property
    def title(self) -> str:
        """What errors and reports call it."""
        return f"{self.kind.value} of {self.symbol or '(no symbol)'} on {self.ex}"

    @property
    def new_for_old(self) -> tuple[int, int]:
        """So many new units for so many old ones, in lowest terms; one for one without a ratio."""
        new, _, old = (self.ratio or "1").partition(":")
        scale = 10**RATIO_PRECISION
        top, bottom = (
            int(exact_decimal("market.actions.ratio", text.strip(), RATIO_PRECISION) * scale)
            for text in (new, old or "1")
        )
        common = gcd(top, bottom) or 1
        return top // common, bottom // common

    def takes_effect(self, calendar: TradingCalendar) -> int:
        """When it takes effect, ns UTC: an ``ex`` moment itself; of a date, eight hours before the
        first session that opens on it or later, but not before the session before has closed;
        where the market is always open, its midnight UTC. NEVER after the calendar's last day."""
        return _effect(self.ex, calendar)

    def pays_at(self, calendar: TradingCalendar) -> int:
        """When a dividend is paid: ``pay`` as above, at once where it has none."""
        effect = self.takes_effect(calendar)
        return effect if self.pay is None else max(effect, _effect(self.pay, calendar))


_NEEDED: Final[dict[ActionKind, tuple[str, ...]]] = {
    ActionKind.SPLIT: ("ratio",),
    ActionKind.DIVIDEND: ("amount",),
    ActionKind.SYMBOL_CHANGE: ("new_symbol",),
    ActionKind.DELISTING: (),
}
_MAY_HAVE: Final[dict[ActionKind, tuple[str, ...]]] = {
    ActionKind.SPLIT: (),
    ActionKind.DIVIDEND: ("pay", "currency", "withholding"),
    ActionKind.SYMBOL_CHANGE: ("ratio",),
    ActionKind.DELISTING: ("amount",),
}


def _effect(text: str, calendar: TradingCalendar) -> int:
    ts, is_date = moment_of(text, "market.actions.ex", "action")
    if not is_date or calendar.always_open:
        return ts
    place = bisect_left(calendar.opens, ts)
    if place == len(calendar.opens):
        return NEVER
    closed = calendar.closes[place - 1] if place else 0
    return max(calendar.opens[place] - BEFORE_OPEN_NS, closed)


def moment_of(text: str, field: str, title: str) -> tuple[int, bool]:
    """A date's midnight UTC or a moment, in ns; whether it was a date. Raises InvalidConfig."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        pass
    else:
        return (day - date(1970, 1, 1)).days * DAY_NS, True
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise InvalidConfig(
            f"{title}: {text!r} is neither a date (2020-08-31) nor a moment with its offset "
            "(2020-08-31T04:00:00Z)",
            field=field,
        )
    since = moment.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)
    return (since.days * 86_400 + since.seconds) * 10**9 + since.microseconds * 1000, False


def require_fitting(
    actions: tuple[CorporateAction, ...], adjustment: Adjustment | None, symbol: str
) -> None:
    """Raise InvalidConfig where actions would be applied to prices that carry them already, or
    nobody says whether they do."""
    for action in actions:
        if action.symbol != symbol:
            raise InvalidConfig(
                f"{action.title} stands with the rows of {symbol}", field="market.actions"
            )
        if adjustment is None:
            raise InvalidConfig(
                f"{action.title}: say whether the prices of {symbol} have been adjusted: "
                "market.adjustment = raw, split or all",
                field="market.adjustment",
            )
        carried = {
            Adjustment.RAW: set(),
            Adjustment.SPLIT: {ActionKind.SPLIT},
            Adjustment.ALL: {ActionKind.SPLIT, ActionKind.DIVIDEND},
        }[adjustment]
        if action.kind in carried:
            raise InvalidConfig(
                f"{action.title}: the prices of {symbol} are said to be adjusted for it already "
                f"(market.adjustment={adjustment.value}), so it would count twice: take raw "
                "prices, or leave this action out",
                field="market.adjustment",
            )
