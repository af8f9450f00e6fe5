"""Files of Lean, QuantConnect's engine, made into tables with offbook's names.

A day of ticks, seconds or minutes is ``20131007_trade.zip`` (or ``_quote``) in a folder
``equity/usa/minute/spy``, with one CSV without a header in it, ``20131007_spy_minute_trade.csv``;
hours and days of all years are ``equity/usa/daily/spy.zip``.  Times are milliseconds since
midnight, or ``20131007 09:00``, on the clock of the data's time zone: that of New York for US
shares, UTC for Oanda and for crypto, UTC-5 for FXCM.  Prices of shares are in 1/10000 dollars.

Here is which files are meant and what they hold; ``lean_rows`` reads them.

Sources: the pages on the data format in QuantConnect's documentation and the ``readme.md`` of
``equity``, ``forex`` and ``crypto`` in Lean's ``Data``.
"""

from __future__ import annotations

import enum
import itertools
import re
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from offbook.domain.calendars import DAY_NS
from offbook.domain.errors import BadMarketData, GatewayUnavailable, InvalidInput, system_reason
from offbook.domain.market_data import DataKind

PREFIX: Final = "lean-"
NEW_YORK: Final = "America/New_York"
_UTC: Final = "UTC"
FIRST_YEAR: Final = 1970
LAST_YEAR: Final = 2261
"""Later times are not counted in ns since 1970 as 64 bits hold them."""
_FXCM: Final = "Etc/GMT+5"
"""UTC-5 the whole year; such names count to the west."""

_DAY_ZIP: Final = re.compile(r"(\d{8})_(trade|quote)\.zip\Z", re.IGNORECASE)
_DAY_CSV: Final = re.compile(
    r"(\d{8})_(.+)_(?:(tick|second|minute)_(trade|quote)|(trade|quote)_(tick|second|minute))"
    r"\.csv(?:\.gz)?\Z",
    re.IGNORECASE,
)
_LONG_ZIP: Final = re.compile(r"([^_]+?)(?:_(trade|quote))?\.zip\Z", re.IGNORECASE)


class Security(enum.Enum):
    """What Lean's folder of an instrument says that it is; CFDs are kept as forex is."""

    EQUITY = "equity"
    FOREX = "forex"
    CRYPTO = "crypto"


class Resolution(enum.Enum):
    """How long a row is; the value is how offbook writes that, empty for a tick."""

    TICK = ""
    SECOND = "1s"
    MINUTE = "1m"
    HOUR = "1h"
    DAILY = "1d"

    @property
    def ns(self) -> int:
        """In nanoseconds."""
        return _LENGTHS[self]


_LENGTHS: Final = {
    Resolution.TICK: 0,
    Resolution.SECOND: 1_000_000_000,
    Resolution.MINUTE: 60_000_000_000,
    Resolution.HOUR: 3_600_000_000_000,
    Resolution.DAILY: DAY_NS,
}
_FOLDERS: Final = {
    "equity": Security.EQUITY,
    "forex": Security.FOREX,
    "cfd": Security.FOREX,
    "crypto": Security.CRYPTO,
    "cryptofuture": Security.CRYPTO,
}
_NOT_READ: Final = frozenset({"option", "future", "futureoption", "index", "indexoption"})


class LeanFiles(msgspec.Struct, frozen=True, kw_only=True):
    """One file or the days of a folder in their order, and what their rows are; the days are of
    those whose times are milliseconds."""

    files: tuple[Path, ...]
    days: tuple[date, ...]
    security: Security
    resolution: Resolution
    is_quotes: bool
    ticker: str
    market: str
    timezone: str

    @property
    def kind(self) -> DataKind:
        """What is made of them."""
        if self.is_quotes:
            return DataKind.QUOTES
        return DataKind.TRADES if self.resolution is Resolution.TICK else DataKind.BARS


class _Named(NamedTuple):
    """What a file's own name and folders say; empty where they do not."""

    path: Path
    day: date | None
    is_quotes: bool
    resolution: Resolution
    ticker: str
    market: str
    folder: str


def lean_files(
    path: Path,
    *,
    layout: str | None = None,
    kind: DataKind | None = None,
    day: str | None = None,
    timezone: str | None = None,
    timeframe: str | None = None,
) -> LeanFiles | None:
    """What a file or a folder is, by its name and folders or as told; None if it is none of Lean's.

    ``layout`` is ``lean-equity`` or the like, for files that stand in no folder of that name;
    ``day`` and ``timeframe`` are for those that are not named as Lean names them: ``20131007``, and
    ``1m`` for bars.  Of a folder with trades and quotes the trades are meant, unless ``kind`` is
    quotes.  Raises InvalidInput for what is missing, or is not read.
    """
    told = _security_told(layout)
    if layout is not None and told is None:
        return None
    named = _in_folder(path, kind) if path.is_dir() else _one(path, day, timeframe, told, kind)
    if not named and told is not None:
        raise InvalidInput(f"{path} holds no day of Lean, named as 20131007_trade.zip")
    if not named:
        return None
    first = named[0]
    if told is None and first.folder in _NOT_READ:
        raise InvalidInput(
            f"{path} stands in Lean's folder {first.folder!r}, and such files are not read; those "
            f"of {', '.join(_FOLDERS)} are"
        )
    security = told or _FOLDERS.get(first.folder)
    if security is None:
        names = ", ".join(f"{PREFIX}{one.value}" for one in Security)
        raise InvalidInput(
            f"{path} is named as files of Lean are, and stands in no folder that tells of what: "
            f"name one with --layout {names}"
        )
    found = LeanFiles(
        files=tuple(one.path for one in named),
        days=tuple(one.day for one in named if one.day is not None),
        security=security,
        resolution=first.resolution,
        is_quotes=first.is_quotes,
        ticker=first.ticker,
        market=first.market,
        timezone=timezone or _zone_of(path, security, first.market),
    )
    _require_read(path, found, kind)
    return found


def is_day_of_lean(name: str) -> bool:
    """Whether a file is named as a day is, packed or not."""
    return _DAY_ZIP.match(name) is not None or _DAY_CSV.match(name) is not None


def _security_told(layout: str | None) -> Security | None:
    if layout is None or not layout.startswith(PREFIX):
        return None
    try:
        return Security(layout.removeprefix(PREFIX))
    except ValueError:
        names = ", ".join(f"{PREFIX}{one.value}" for one in Security)
        raise InvalidInput(f"layout {layout!r}: expected one of {names}") from None


def _in_folder(folder: Path, kind: DataKind | None) -> list[_Named]:
    """The days of a folder in their order, of one kind."""
    found = [named for entry in sorted(folder.iterdir()) if (named := _of_a_day(entry)) is not None]
    has_trades = any(not one.is_quotes for one in found)
    wants_quotes = kind is DataKind.QUOTES or not has_trades
    chosen = [one for one in found if one.is_quotes is wants_quotes]
    odd = next((one for one in chosen if one[3:5] != chosen[0][3:5]), None)
    if odd is not None:
        raise InvalidInput(
            f"{folder} has {chosen[0].path.name} and {odd.path.name}, which are not of one "
            "instrument and one length: name a folder of one"
        )
    twice = next((b for a, b in itertools.pairwise(chosen) if a.day == b.day), None)
    if twice is not None:
        raise InvalidInput(f"{folder} has {twice.day} twice, packed and unpacked: keep one of them")
    return chosen


def _one(
    path: Path,
    day: str | None,
    timeframe: str | None,
    told: Security | None,
    kind: DataKind | None,
) -> list[_Named]:
    named = _of_a_day(path) or _of_all_years(path)
    if named is None and told is not None:
        of = _day(day, path.name)
        try:
            resolution = Resolution(timeframe or "")
        except ValueError:
            raise InvalidInput(
                f"{path.name}: Lean has bars of 1s, 1m, 1h and 1d, and not of {timeframe}"
            ) from None
        is_quotes = told is Security.FOREX or kind is DataKind.QUOTES
        named = _Named(path, of, is_quotes, resolution, "", "", "")
    return [] if named is None else [named]


def _of_a_day(path: Path) -> _Named | None:
    """A day's file by its name and, of one that is packed, that of what is in it."""
    packed = _DAY_ZIP.match(path.name)
    name = path.name
    if packed is not None:
        name = inner_name(path).name
    found = _DAY_CSV.match(name)
    if found is None:
        return None
    day, ticker, length, what, what_else, length_else = found.groups()
    resolution = Resolution[(length or length_else).upper()]
    is_quotes = (what or what_else).lower() == "quote"
    market, folder = _folders(path, resolution, 1)
    return _Named(path, _day(day, path.name), is_quotes, resolution, ticker.upper(), market, folder)


def _of_all_years(path: Path) -> _Named | None:
    """Hours or days of all years, which are told by the folder's name."""
    found = _LONG_ZIP.match(path.name)
    if found is None or path.absolute().parent.name.lower() not in ("hour", "daily"):
        return None
    resolution = Resolution[path.absolute().parent.name.upper()]
    market, folder = _folders(path, resolution, 0)
    if folder not in _FOLDERS:
        return None  # files of others may lie in a folder of that name
    is_quotes = (found[2] or "").lower() == "quote" or _FOLDERS.get(folder) is Security.FOREX
    return _Named(path, None, is_quotes, resolution, found[1].upper(), market, folder)


def _folders(path: Path, resolution: Resolution, depth: int) -> tuple[str, str]:
    """Market and security by the folders, where the one of the resolution is among them."""
    above = [part.name.lower() for part in path.absolute().parents[depth : depth + 3]]
    if len(above) < 3 or above[0] != resolution.name.lower():
        return "", ""
    return (above[1], above[2]) if above[2] in (*_FOLDERS, *_NOT_READ) else ("", "")


def _day(text: str | None, name: str) -> date:
    if text is None:
        raise InvalidInput(
            f"{name}: times are milliseconds after midnight; name the day with --date 2013-10-07"
        )
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise InvalidInput(f"date {text!r}: expected one like 2013-10-07") from None
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise InvalidInput(f"date {text!r}: expected one of {FIRST_YEAR} to {LAST_YEAR}")
    return day


def _zone_of(path: Path, security: Security, market: str) -> str:
    if security is Security.CRYPTO or (security is Security.FOREX and market == "oanda"):
        return _UTC
    if security is Security.FOREX and market == "fxcm":
        return _FXCM
    if security is Security.EQUITY and market in ("", "usa"):
        return NEW_YORK
    raise InvalidInput(
        f"{path}: its folders do not tell on which clock its times are: name it with --timezone "
        f"({_UTC} for Oanda, {_FXCM} for FXCM, which is UTC-5)"
    )


def _require_read(path: Path, found: LeanFiles, kind: DataKind | None) -> None:
    is_tick = found.resolution is Resolution.TICK
    if is_tick and found.is_quotes and found.security is Security.EQUITY:
        raise InvalidInput(
            f"{path}: Lean's ticks of share quotes tell one side of one exchange each, and no "
            "quote of the market is made of these; its quotes of a second or a minute are read"
        )
    if kind not in (None, found.kind):
        raise InvalidInput(
            f"{path} is of Lean and has {found.kind.value}: name no other kind with --kind"
        )


def inner_name(path: Path) -> Path:
    """The one file in a zip. Raises InvalidInput, BadMarketData and GatewayUnavailable."""
    with zipped(path) as archive:
        names = [name for name in archive.namelist() if not name.endswith("/")]
    if len(names) != 1:
        raise InvalidInput(
            f"{path} holds {len(names)} files; of Lean's, those with one instrument are read, not "
            "those of options and futures"
        )
    return Path(names[0])


@contextmanager
def zipped(path: Path) -> Iterator[zipfile.ZipFile]:
    """An archive. Raises BadMarketData, also while it is read, and GatewayUnavailable."""
    try:
        with _opened(path) as archive:
            yield archive
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError):  # the last: it is encrypted
        raise BadMarketData(
            f"{path} is a damaged zip file, or an encrypted one; fetch it again",
            file=str(path),
            reason="unreadable",
        ) from None


def _opened(path: Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(path)
    except OSError as error:
        raise GatewayUnavailable(
            f"{path} cannot be read: {system_reason(error)}", market=str(path)
        ) from None
