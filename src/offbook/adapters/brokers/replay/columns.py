"""Which column of a file is which of ours: the mapping that was given, else names in common use."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final, NamedTuple, NoReturn

from offbook.adapters.brokers.replay.names import ADJUSTED_CLOSES, ALIASES, DIVIDENDS, SPLITS
from offbook.domain.config import ReplayMarket
from offbook.domain.errors import InvalidConfig
from offbook.domain.market_data import DataKind

TIMES: Final = ("ts_init", "ts_event")
VALUES: Final[Mapping[DataKind, tuple[str, ...]]] = MappingProxyType(
    {
        DataKind.QUOTES: ("bid", "ask", "bid_size", "ask_size"),
        DataKind.TRADES: ("price", "size"),
        DataKind.BARS: ("open", "high", "low", "close", "volume"),
        DataKind.DEPTH: ("book_side", "price", "size", "flags"),
        DataKind.STATUS: ("event",),
        DataKind.ORDERS: ("action", "book_side", "price", "size", "order_id"),
    }
)
"""What a file must have besides a time."""
SIDES: Final = ("aggressor", "buyer_maker")
"""What prints may have: who took, said either way; the first that is there is read."""
AUCTION: Final = "auction"
"""What prints may have: of which auction they are the official price. Read where it is mapped."""
BOOK_SIDE: Final = "book_side"
"""Which side of the book a level is of."""
SEQUENCE: Final = ("first_seq", "last_seq", "prev_seq")
"""What updates of a book may have: the venue's sequence numbers."""
NUMBERS: Final = ("flags", "seq", "prev_seq")
"""What rows of orders may have: flags, and the venue's sequence numbers."""
COUNTS: Final = frozenset({"flags", "order_id", "seq", *SEQUENCE})
"""Whole numbers that are neither prices nor sizes."""
ACTION: Final = "action"
"""What happened to an order in a book."""
EVENT: Final = "event"
"""What an exchange says of an instrument."""
BANDS: Final = ("lower", "upper")
"""What a status may have: the prices between which trades may be."""
WORDS: Final = (*SIDES, BOOK_SIDE, AUCTION, EVENT, ACTION)
"""What is one of a few words."""
SIZES: Final = frozenset({"bid_size", "ask_size", "size", "volume"})

JOINED: Final = "+"
"""Joins a column of dates and one of times of day: ``DATE+TIME``."""


_MORE: Final[Mapping[DataKind, tuple[str, ...]]] = MappingProxyType(
    {
        DataKind.TRADES: (*SIDES, AUCTION),
        DataKind.DEPTH: SEQUENCE,
        DataKind.STATUS: BANDS,
        DataKind.ORDERS: NUMBERS,
    }
)


_NO_SIZES: Final = (
    ". Quotes that show none are given a size by: offbook data convert --quote-size 1000000"
)


class Found(NamedTuple):
    """Where a column is in the file; ``clock`` is the place of the time of day of a date."""

    position: int
    clock: int | None = None


def names_of(kind: DataKind) -> tuple[str, ...]:
    """Our names of all columns that rows of a kind can have."""
    return (*TIMES, *VALUES[kind], *_MORE.get(kind, ()))


def choose_columns(market: ReplayMarket, header: Sequence[str]) -> dict[str, Found]:
    """Our column names -> places in the file.

    Quotes and trades take ``ts_init``, ``ts_event`` or both.  Bars take one time, that of their
    label: ``ts_event``, else ``ts_init``.  Raises InvalidConfig, telling everything that is
    missing or could be several columns, what the file has and how to map it.
    """
    known = names_of(market.kind)
    _require_known(market, known)
    found = {
        ours: place for ours in known if (place := _find(market, ours, header, known)) is not None
    }
    if market.kind is DataKind.BARS and "ts_event" in found:
        found.pop("ts_init", None)
    if "aggressor" in found:
        found.pop("buyer_maker", None)
    missing = [ours for ours in VALUES[market.kind] if ours not in found]
    if not any(ours in found for ours in TIMES):
        missing.insert(0, "ts_event (or ts_init)")
    # A name that was mapped on purpose must not vanish silently, even where it is optional.
    absent = [ours for ours in market.columns if ours not in found and ours not in missing]
    missing += [ours for ours in absent if not is_present(market.columns[ours], header)]
    if missing:
        what, example = f"no column for {', '.join(missing)}", missing[0].split(" ")[0]
        hint = _NO_SIZES if missing == ["bid_size", "ask_size"] else ""
        _refuse(market, what, example, header, hint=hint, missing=", ".join(missing))
    if market.kind is DataKind.BARS:
        _require_one_adjustment(market, found, header)
    return found


def adjusted_close(header: Sequence[str]) -> str | None:
    """The file's name of its adjusted closes, if it has such."""
    return next((name for name in header if plain_name(name) in ADJUSTED_CLOSES), None)


def event_columns(header: Sequence[str]) -> list[str]:
    """The file's names of its dividends and its splits, as far as it has such."""
    return [name for name in header if plain_name(name) in DIVIDENDS | SPLITS]


def place_of(columns: Mapping[str, str], ours: str, header: Sequence[str]) -> int | None:
    """Where one of our columns is in the file, None where that is not plain."""
    found = _fitting(columns, ours, header)
    return found[0].position if len(found) == 1 else None


def _require_one_adjustment(
    market: ReplayMarket, found: Mapping[str, Found], header: Sequence[str]
) -> None:
    """Refuse bars of which the close is adjusted and other prices are not."""
    names = {ours: header[found[ours].position] for ours in ("open", "high", "low", "close")}
    adjusted = {ours for ours, name in names.items() if plain_name(name).startswith("adj")}
    if "close" in adjusted and len(adjusted) < len(names):
        others = ", ".join(name for ours, name in names.items() if ours not in adjusted)
        raise InvalidConfig(
            f"{market.path}: {names['close']} is adjusted and {others} are not, so they are no "
            "bar: offbook data convert --adj-close adjusted writes one whose prices all are",
            field="market.columns",
            file=market.path,
        )


def find_times(columns: Mapping[str, str], header: Sequence[str]) -> list[Found]:
    """Where a file's times are: mapped, else by names in common use; of columns that could each be
    one, none is taken."""
    fitting = [_fitting(columns, ours, header) for ours in TIMES]
    return [found[0] for found in fitting if len(found) == 1]


def _find(
    market: ReplayMarket, ours: str, header: Sequence[str], known: Sequence[str]
) -> Found | None:
    mapped = {name: market.columns[name] for name in known if name in market.columns}
    found = _fitting(mapped, ours, header)
    if len(found) > 1:
        names = ", ".join(header[place] for place, _ in found)
        if len({header[place] for place, _ in found}) == 1:
            raise InvalidConfig(
                f"{market.path}: its header names {header[found[0].position]} {len(found)} times: "
                "give each column a name of its own",
                field="market.path",
                file=market.path,
            )
        _refuse(market, f"{names} could each be {ours}", ours, header, among=names)
    return found[0] if found else None


def _fitting(columns: Mapping[str, str], ours: str, header: Sequence[str]) -> list[Found]:
    """The columns that could be one of ours: the one that is mapped, else those of the first rank
    of which there are any, without what is mapped to others."""
    if ours in columns:
        mapped = _mapped(columns[ours], header)
        return [] if mapped is None else [mapped]
    taken = set(columns.values())
    plain = _plain_names(header)
    plain = ["" if name in taken else plain[place] for place, name in enumerate(header)]
    for rank in ALIASES[ours]:
        if ours == "ts_event" and {"date", "time"} <= rank.keys() & set(plain):
            return [Found(plain.index("date"), plain.index("time"))]
        places = [place for place, name in enumerate(plain) if name in rank]
        if places:
            return [Found(place) for place in places]
    return []


def _mapped(theirs: str, header: Sequence[str]) -> Found | None:
    if theirs in header:
        return Found(header.index(theirs))
    date, _, clock = theirs.partition(JOINED)
    if date in header and clock in header:
        return Found(header.index(date), header.index(clock))
    return None


def is_present(theirs: str, header: Sequence[str]) -> bool:
    """Whether a mapping's name, or each of two that it joins, is a column of the file."""
    return _mapped(theirs, header) is not None


def _require_known(market: ReplayMarket, known: Sequence[str]) -> None:
    unknown = [ours for ours in market.columns if ours not in known]
    if unknown:
        raise InvalidConfig(
            f"market.columns: {', '.join(unknown)} is no column of {market.kind.value}; "
            f"ours are: {', '.join(known)}",
            field="market.columns",
        )


def _refuse(
    market: ReplayMarket,
    what: str,
    example: str,
    header: Sequence[str],
    *,
    hint: str = "",
    **fields: str,
) -> NoReturn:
    raise InvalidConfig(
        f"{market.path}: {what}. The file has: {', '.join(header)}. Name them in market.columns, "
        f'our name first: {{"{example}": "its name in the file"}}{hint}',
        field="market.columns",
        file=market.path,
        **fields,
    )


def _plain_names(header: Sequence[str]) -> list[str]:
    """A first column without a name is the index of a table that pandas wrote."""
    plain = [plain_name(name) for name in header]
    return ["unnamed_0", *plain[1:]] if plain and not plain[0] else plain


def plain_name(name: str) -> str:
    """As names are compared: in lower case, words apart by underscores."""
    parted = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name.strip())
    return re.sub(r"[^a-z0-9]+", "_", parted.lower()).strip("_")
