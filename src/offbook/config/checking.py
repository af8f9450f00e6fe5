"""Looking a configuration file over without running anything: everything that is wrong at once."""

from __future__ import annotations

from pathlib import Path as FilePath
from typing import Any

import msgspec

from offbook.config.documents import first_fault, read_document
from offbook.config.known import MARKET, nested, project_catalogue, session_catalogue
from offbook.config.layers import Layer, Problem, Source, read_file
from offbook.config.measured import resolve_measured
from offbook.config.resolving import FILE_NAME, Settings, user_file
from offbook.config.sessions import SessionRequest, build_config, strategy_parameters
from offbook.domain.config import (
    AccountConfig,
    LifecycleConfig,
    RiskConfig,
    VenueConfig,
    parse_speed,
)
from offbook.domain.errors import InvalidConfig, OffbookError

_PARTS: dict[str, type[msgspec.Struct]] = {
    "account": AccountConfig,
    "venue": VenueConfig,
    "risk": RiskConfig,
    "lifecycle": LifecycleConfig,
}
_ANY_CURRENCY = "USD"


class Checked(msgspec.Struct, frozen=True):
    """What looking a file over found; ``kind`` is ``session`` or ``settings``."""

    file: str
    kind: str
    problems: tuple[Problem, ...]
    complete: bool = False
    """Whether it holds a whole session: a strategy and a market."""


def check_file(file: FilePath) -> Checked:
    """Look a file over: its settings, their values, and, where it names them, the strategy with
    its parameters and the recording.

    Raises InvalidConfig for a file that cannot be read at all.
    """
    is_settings = file.name == FILE_NAME or file.absolute() == user_file().absolute()
    if not is_settings:
        # Under another name it may still hold settings: those of the program tell it.
        is_settings = bool({"data_dir", "cli", "recovery"}.intersection(read_document(file)))
    source = Source.PROJECT if is_settings else Source.SESSION
    catalogue = project_catalogue() if is_settings else session_catalogue()
    layer = read_file(file, source, catalogue)
    problems = list(layer.problems)
    given = Settings((layer,)).session()
    complete = bool(given.get("strategy", {}).get("ref")) and _names_market(given)
    if not problems:
        problems += _whole(layer) if complete else _parts(layer)
    kind = "settings" if is_settings else "session"
    return Checked(str(file), kind, tuple(problems), complete)


def _names_market(given: dict[str, Any]) -> bool:
    market = given.get(MARKET, {})
    return bool(market.get("path")) or market.get("type", "replay") != "replay"


def _whole(layer: Layer) -> list[Problem]:
    """What building the session finds."""
    try:
        build_config(SessionRequest(), settings=Settings((layer,)))
    except OffbookError as error:
        return [_problem(layer, error)]
    return []


def _parts(layer: Layer) -> list[Problem]:
    """What each part finds by itself."""
    found = []
    document = nested(layer.values)
    settings = Settings((layer,)).session()
    try:
        resolve_measured(settings)
    except OffbookError as error:
        return [_problem(layer, error)]
    for name, kind in _PARTS.items():
        if name not in document:
            continue
        part = dict(settings[name])
        if kind is AccountConfig:
            part.setdefault("currency", _ANY_CURRENCY)  # the market brings it
        try:
            msgspec.convert(part, kind)
        except InvalidConfig as error:
            found.append(_problem(layer, error))
        except msgspec.ValidationError as error:
            field, told = first_fault(error, part, kind, name)
            found.append(Problem(layer.origin, field, told, layer.lines.get((*field.split("."),))))
    try:
        speed = document.get("speed")
        parse_speed(None if speed == "full" else speed)
        strategy = document.get("strategy", {})
        if strategy.get("ref"):
            strategy_parameters(strategy["ref"], strategy.get("params", {}))
    except OffbookError as error:
        found.append(_problem(layer, error))
    return found


def _problem(layer: Layer, error: OffbookError) -> Problem:
    field = str(error.fields.get("field", ""))
    line = layer.lines.get(tuple(field.split(".")))
    message = error.message.removeprefix(f"{layer.place(tuple(field.split('.')))}: ")
    return Problem(layer.origin, field, message, line)
