"""What happens to an account at its date and without a trade, as a strategy is told of it."""

from __future__ import annotations

import enum

import msgspec

from offbook.domain.values import Amount


class AccountEventKind(enum.Enum):
    """What it was."""

    SPLIT = "split"
    SYMBOL_CHANGE = "symbol_change"
    DELISTING = "delisting"
    DIVIDEND = "dividend"
    FUNDING = "funding"
    INTEREST = "interest"
    BORROW_FEE = "borrow_fee"
    LIQUIDATION_FEE = "liquidation_fee"
    INSURANCE = "insurance"
    SETTLEMENT = "settlement"
    MARKED = "marked"
    EXPIRY = "expiry"


class AccountEvent(msgspec.Struct, frozen=True, kw_only=True):
    """One event; ``ts`` is when it took effect, ns UTC, and ``symbol`` of what, if of anything.

    ``amount`` (signed, 10**-18 of ``currency``) is what it brought or cost: of a split the cash for
    a fraction.  ``is_paid`` tells whether that is in the cash now, or owed: a dividend comes twice,
    at its ex-date and when it is paid, and interest and borrow fees day by day and at the end of
    the month, then as one amount of interest.  Of a settlement it is what may be used from now on,
    of a contract that is marked to its settlement price, or expires, its gain.  After a split, or a
    change of symbol, each ``ratio[1]`` units have become ``ratio[0]``, of ``new_symbol`` if that is
    another.
    """

    ts: int
    kind: AccountEventKind
    symbol: str | None = None
    currency: str | None = None
    amount: Amount = Amount(0)
    is_paid: bool = True
    ratio: tuple[int, int] = (1, 1)
    new_symbol: str | None = None
