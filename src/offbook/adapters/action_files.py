"""Files of corporate actions, funding rates, settlement prices, and of what shares are lent at."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from offbook.adapters.dated_files import Table
from offbook.domain.config import BorrowRate, CorporateAction, FundingRate, SettlementPrice
from offbook.domain.config.financing import day_of, rate_units
from offbook.domain.errors import InvalidConfig

_ACTIONS: Final = Table(
    title="corporate actions",
    field="market.actions",
    columns=(
        *("symbol", "kind", "ex", "pay", "ratio", "amount", "currency", "new_symbol"),
        "withholding",
    ),
    names={"ex_date": "ex", "pay_date": "pay", "payment_date": "pay", "date": "ex"},
    needed=("symbol", "kind", "ex"),
)
_FUNDING: Final = Table(
    title="funding rates",
    field="market.funding",
    columns=("symbol", "at", "rate", "mark", "hours"),
    # As Binance, Bybit, OKX, BitMEX and ccxt write them: most times are milliseconds.
    names={
        "time": "at",
        "timestamp": "at",
        "calc_time": "at",
        "funding_time": "at",
        "funding_rate_timestamp": "at",
        "inst_id": "symbol",
        "last_funding_rate": "rate",
        "funding_rate": "rate",
        "mark_price": "mark",
        "funding_interval_hours": "hours",
    },
    needed=("at", "rate"),
)
_SETTLEMENTS: Final = Table(
    title="settlement prices",
    field="market.settlements",
    columns=("symbol", "at", "price"),
    names={"time": "at", "settlement": "price", "settlement_price": "price", "settle": "price"},
    needed=("at", "price"),
)

_BORROW: Final = Table(
    title="borrow rates",
    field="account.financing.borrow",
    columns=("symbol", "since", "rate"),
    names={"date": "since", "from": "since", "day": "since", "fee": "rate", "fee_rate": "rate"},
    needed=("symbol", "since"),
)


def read_actions(file: Path) -> tuple[CorporateAction, ...]:
    """The actions of a file, in its order. Raises InvalidConfig, naming file and row."""
    found = []
    for place, told in _ACTIONS.rows(file):
        try:
            found.append(CorporateAction(**told))  # type: ignore[arg-type]  # a kind is settled there
        except InvalidConfig as error:
            raise InvalidConfig(f"{place}: {error.message}", **error.fields) from None
    return tuple(found)


def read_borrow(file: Path) -> tuple[BorrowRate, ...]:
    """The rates of a file, in its order; from one that is empty on a share cannot be borrowed.

    Raises InvalidConfig, naming file and row.
    """
    found = []
    for place, told in _BORROW.rows(file):
        try:
            day_of(told["since"], "borrow")
            if told.get("rate") is not None:
                rate_units(told["rate"], "borrow")
        except InvalidConfig as error:
            raise InvalidConfig(f"{place}: {error.message}", **error.fields) from None
        found.append(BorrowRate(**told))
    return tuple(found)


def read_funding(file: Path, symbol: str) -> tuple[FundingRate, ...]:
    """The funding rates of a symbol, in the file's order; rows that name none are of all.

    Raises InvalidConfig, naming file and row.
    """
    found = []
    for place, told in _FUNDING.rows(file):
        if told.get("symbol", symbol) != symbol:
            continue
        try:
            rate = FundingRate(at=_moment(told["at"]), rate=told["rate"], mark=told.get("mark"))
        except InvalidConfig as error:
            raise InvalidConfig(f"{place}: {error.message}", **error.fields) from None
        found.append(rate)
    return tuple(found)


def read_settlements(file: Path, symbol: str) -> tuple[SettlementPrice, ...]:
    """The settlement prices of a symbol, in the file's order; rows that name none are of all.

    Raises InvalidConfig, naming file and row.
    """
    found = []
    for place, told in _SETTLEMENTS.rows(file):
        if told.get("symbol", symbol) != symbol:
            continue
        try:
            found.append(SettlementPrice(at=_moment(told["at"]), price=told["price"]))
        except InvalidConfig as error:
            raise InvalidConfig(f"{place}: {error.message}", **error.fields) from None
    return tuple(found)


def _moment(text: str) -> str:
    """Milliseconds since 1970 as a moment; anything else as it is."""
    if not text.isdigit():
        return text
    seconds, milliseconds = divmod(int(text), 1000)
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=milliseconds * 1000).isoformat()
