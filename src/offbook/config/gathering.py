"""Everything that a user names as data, made into one market of one source or several."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from offbook.config.documents import located, read_document
from offbook.config.markets import (
    FILES,
    SHIPPED,
    MarketDescription,
    description_of,
    locate_recording,
    market_of,
    read_description,
)
from offbook.config.synthetic import SYNTHETIC, describe_synthetic, is_synthetic
from offbook.domain.config import CombinedMarket, MarketConfig, ReplayMarket, SyntheticMarket
from offbook.domain.config.market import SourceConfig
from offbook.domain.errors import InvalidConfig
from offbook.domain.instruments import Instrument
from offbook.domain.market_data import DataKind

SOURCES: Final = "sources"
"""In a market document, the table of each source."""

_PREFIX: Final = re.compile(r"(?P<symbol>[\w./:-]+)=(?P<data>.+)\Z")
_INSTRUMENT: Final = (
    "asset_class", "base", "currency", "tick", "lot", "min_notional", "calendar",
    "multiplier", "inverse", "expires", "settles", "contract_margin", "contract_maintenance",
)  # fmt: skip


class NamedSource(msgspec.Struct, frozen=True):
    """One source as it was named: where its rows are, and what was told of it.

    ``data`` is a path, a name of what ships, or a ``synthetic:`` line.
    """

    data: str
    told: MarketDescription


def describe_data(data: Sequence[str], given: MarketDescription) -> MarketConfig:
    """The market of all that was named, in that order.

    Each is a recording (a file, a folder, a pattern, or the name of one that ships), a market
    document (``.toml``), or a ``synthetic:`` line; ``SYMBOL=`` before it says of which instrument
    it is.  ``given`` is said of every source.  Sources of one symbol share what is told of any of
    them.  Raises InvalidConfig, naming what is still to be told, and what looking at files raises.
    """
    named = [source for text in data for source in named_sources(text, given)]
    return _combined(named)


def named_sources(text: str, given: MarketDescription) -> Iterator[NamedSource]:
    """The sources that one name stands for: one, or those that a document lists.

    Raises InvalidConfig.
    """
    symbol, data = split_symbol(text)
    if symbol is not None:
        given = msgspec.structs.replace(given, symbol=symbol)
    if is_synthetic(data):
        yield NamedSource(data, given)
        return
    place = locate_recording(data)
    if place.suffix.lower() == ".toml":
        yield from _listed(read_document(place), place, given)
    else:
        yield NamedSource(data, given)


def split_symbol(text: str) -> tuple[str | None, str]:
    """The symbol before a source, if there is one, and the source."""
    found = _PREFIX.match(text)
    if found is None or is_synthetic(text) or locate_recording(text).exists():
        return None, text
    return found["symbol"], found["data"]


def _listed(
    document: Mapping[str, Any], file: Path, given: MarketDescription
) -> Iterator[NamedSource]:
    listed = document.get(SOURCES)
    if not isinstance(listed, list) or not listed:
        raise InvalidConfig(
            f"{file} lists no sources: write a [[sources]] table with a path for each",
            field="market.sources",
        )
    shared = {name: value for name, value in document.items() if name not in (SOURCES, "type")}
    for number, source in enumerate(listed, 1):
        try:
            yield _one_listed(source, shared, file, number, given)
        except InvalidConfig as error:
            raise located(error, file, SOURCES, str(number)) from None


def _one_listed(
    source: object, shared: Mapping[str, Any], file: Path, number: int, given: MarketDescription
) -> NamedSource:
    place = f"{file}, table {number} of {SOURCES}"
    if not isinstance(source, dict):
        raise InvalidConfig(f"{place}: expected a table, was {source!r}", field="market.sources")
    told = {**shared, **source}
    data = _place(told, file.parent, place)
    for name in FILES:
        if isinstance(told.get(name), str):
            told[name] = str(file.parent / Path(told[name]).expanduser())
    return NamedSource(data, given.over(description_of(told, place)))


def _place(told: dict[str, Any], folder: Path, place: str) -> str:
    """Where a listed source is; taken out of what is told of it."""
    path, line = told.pop("path", None), told.pop("synthetic", None)
    if (path is None) == (line is None):
        raise InvalidConfig(
            f'{place}: write path = "FILE", or synthetic = "seed=7,rows=50000"', field="market.path"
        )
    if line is not None:
        return f"{SYNTHETIC}{str(line).removeprefix(SYNTHETIC)}"
    text = str(path)
    return text if text in SHIPPED else str(folder / Path(text).expanduser())


def _combined(named: Sequence[NamedSource]) -> MarketConfig:
    shared: dict[str, MarketDescription] = {}
    sources = [_source(source, shared, alone=len(named) == 1) for source in named]
    if len(sources) == 1:
        return sources[0]
    return CombinedMarket(sources=_alike(sources))


def _source(
    named: NamedSource, shared: dict[str, MarketDescription], *, alone: bool
) -> SourceConfig:
    if is_synthetic(named.data):
        return describe_synthetic(named.data, named.told)
    recording = locate_recording(named.data)
    known = named.told.over(read_description(recording))
    if known.symbol is not None:
        before = shared.get(known.symbol, MarketDescription())
        known = known.over(before)
        told = {name: getattr(known, name) for name in _INSTRUMENT}
        shared[str(known.symbol)] = MarketDescription(**told)
    if not alone and known.timeframe is not None and not _may_be_bars(recording, known):
        # Said of every source, and meant for those of bars.
        known = msgspec.structs.replace(known, timeframe=None, label=None)
    return market_of(recording, known)


def _may_be_bars(recording: Path, known: MarketDescription) -> bool:
    from offbook.adapters.brokers.replay.peeking import peek

    kinds = peek(str(recording), known.columns, known.names, known.kind).kinds
    return (known.kind in (None, DataKind.BARS)) and DataKind.BARS in kinds


def _alike(sources: Sequence[SourceConfig]) -> tuple[SourceConfig, ...]:
    """Sources of one symbol at one storage precision: the largest that any of them needs."""
    finest: dict[str, Instrument] = {}
    for source in sources:
        instrument = source.instrument
        other = finest.get(instrument.symbol, instrument)
        finest[instrument.symbol] = msgspec.structs.replace(
            other,
            price_precision=max(other.price_precision, instrument.price_precision),
            qty_precision=max(other.qty_precision, instrument.qty_precision),
        )
    return tuple(_at(source, finest[source.instrument.symbol]) for source in sources)


def _at(source: SourceConfig, finest: Instrument) -> SourceConfig:
    instrument = msgspec.structs.replace(
        source.instrument,
        price_precision=finest.price_precision,
        qty_precision=finest.qty_precision,
    )
    replaced: ReplayMarket | SyntheticMarket = msgspec.structs.replace(
        source, instrument=instrument
    )
    return replaced
