"""What a user asks for, made into a session's whole configuration."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import msgspec

from offbook.adapters.strategy_loader import is_file_ref, load_strategy
from offbook.config.documents import convert, part
from offbook.config.gathering import describe_data
from offbook.config.known import PRESET
from offbook.config.layers import Layer, Source
from offbook.config.markets import MarketDescription, description_of, locate_recording
from offbook.config.measured import resolve_measured
from offbook.config.resolving import FULL_SPEED, Setting, Settings, read_session_file, session_parts
from offbook.config.settings import absolute
from offbook.domain.config import SessionConfig, StrategySpec
from offbook.domain.errors import InvalidConfig, InvalidStrategy
from offbook.engine.strategy.parameters import resolve_parameters

REPLAY: Final = "replay"
"""The type of market that a recording is; it need not be written."""


class SessionRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What a user asks for; whatever is None or empty is left to ``file`` and the defaults.

    ``file`` is a whole configuration as TOML or JSON; paths in it are relative to it.
    ``latency_ms``, ``fee_bps`` and ``cash`` are decimal text; ``preset`` names a whole
    venue.  ``data`` may be several sources of
    one market, each named as on the command line.  ``borrow`` is a file of what shares are lent
    at, in which those of other symbols are passed over.
    """

    strategy: str | None = None
    data: str | tuple[str, ...] | None = None
    file: Path | None = None
    params: dict[str, str] = {}
    market: MarketDescription = MarketDescription()
    cash: str | None = None
    fee_bps: str | None = None
    latency_ms: str | None = None
    seed: int | None = None
    speed: str | None = None
    preset: str | None = None
    at_end: str | None = None
    on_error: str | None = None
    name: str | None = None
    borrow: str | None = None


def build_config(
    request: SessionRequest,
    parts: Mapping[str, Any] | None = None,
    *,
    strategy: StrategySpec | None = None,
    settings: Settings | None = None,
) -> SessionConfig:
    """A session's whole configuration: the request, then its file or ``parts``, then ``settings``.

    ``parts`` is a configuration, or parts of one, in place of a file.  ``strategy`` is taken as it
    stands, and the class that it names is not looked for.  Raises InvalidConfig and
    InvalidStrategy.
    """
    settings = settings or Settings()
    if request.file is not None:
        settings = settings.over(read_session_file(request.file))
    if parts:
        settings = settings.over(session_parts(parts))
    if request.preset is not None:
        settings = settings.over(Layer(Source.FLAG, "preset", {PRESET: request.preset}))
    document = settings.session(market=not request.data)
    _set_market(document, request)
    if strategy is None:
        _set_strategy(document, request)
    else:
        document["strategy"] = msgspec.to_builtins(strategy)
    if (currency := _paid_in(document["market"])) is not None:
        part(document, "account").setdefault("currency", currency)
    _set_given(document, request)
    try:
        resolve_measured(document)
        return convert(document, SessionConfig, str(request.file or "configuration"))
    except InvalidConfig as error:
        raise _placed(error, document, settings.given()) from None


def _paid_in(market: Mapping[str, Any]) -> str | None:
    """The currency of a market's first instrument, where it is told."""
    first = next(iter(market.get("sources") or [market]))
    instrument = first.get("instrument") or {} if isinstance(first, dict) else {}
    is_inverse = (instrument.get("contract") or {}).get("is_inverse", False)
    currency: str | None = instrument.get("base" if is_inverse else "quote_currency")
    return currency


def _placed(
    error: InvalidConfig, document: Mapping[str, Any], given: Mapping[tuple[str, ...], Setting]
) -> InvalidConfig:
    """The error with where the value stands, when it is one that a source gave."""
    path = tuple(str(error.fields.get("field", "")).split("."))
    setting = given.get(path)
    value: Any = document
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    if setting is None or not setting.place or value != setting.value:
        return error
    return InvalidConfig(f"{setting.place}: {error.message}", **error.fields)


def _set_given(document: dict[str, Any], request: SessionRequest) -> None:
    """What the request says beside market and strategy."""
    _check_name(request.name)
    for name in ("seed", "speed", "name"):
        if (value := getattr(request, name)) is not None:
            document[name] = value
    if document.get("speed") == FULL_SPEED:
        document["speed"] = None
    if request.cash is not None:
        part(document, "account")["initial_cash"] = request.cash
    if request.at_end is not None:
        part(document, "lifecycle")["at_end"] = request.at_end
    if request.on_error is not None:
        part(document, "lifecycle")["on_strategy_error"] = request.on_error
    if request.fee_bps is not None:
        fee = {"type": "basis_points", "maker": request.fee_bps, "taker": request.fee_bps}
        part(document, "venue")["fee"] = fee
    if request.borrow is not None:
        _set_borrow(document, request.borrow)
    if request.latency_ms is not None:
        _set_delays(document, _milliseconds(request.latency_ms))


def _check_name(name: object) -> None:
    """Raise InvalidConfig for a name that would break the lines that it stands in."""
    if isinstance(name, str) and not name.isprintable():
        raise InvalidConfig(f"name {name!r} holds what cannot be printed", field="name")


def _set_delays(document: dict[str, Any], delay_ns: int) -> None:
    """One constant delay there and back, whatever is told of them and to whichever venue; how late
    the market is seen stays as it is told."""
    latency = part(part(document, "venue"), "latency")
    latency.pop("venues", None)
    for way in ("entry", "response"):
        latency.pop(way, None)
        latency[f"{way}_ns"] = delay_ns


def _set_borrow(document: dict[str, Any], file: str) -> None:
    from offbook.adapters.action_files import read_borrow

    market = document["market"]
    sources = market.get("sources") or [market]
    symbols = {source["instrument"]["symbol"] for source in sources}
    listed = [rate for rate in read_borrow(absolute(Path(file))) if rate.symbol in symbols]
    account = part(document, "account")
    account["financing"] = {
        **(account.get("financing") or {}),
        "borrow": [msgspec.to_builtins(rate) for rate in listed],
    }


def _set_market(document: dict[str, Any], request: SessionRequest) -> None:
    written = part(document, "market")
    if not request.data and written.get("type", REPLAY) != REPLAY:
        return
    if not request.data and not written.get("path"):
        raise InvalidConfig(
            "name a recording: --data FILE (or --data demo for the one that ships)",
            field="market.path",
        )
    data = _sources(str(written["path"]) if not request.data else request.data)
    if "instrument" in written and not request.data:
        if request.market != MarketDescription():
            raise InvalidConfig(
                f"{request.file or 'the configuration'} holds a complete market: change it there, "
                "or name a --data file",
                field="market",
            )
        written.setdefault("type", REPLAY)
        written["path"] = str(locate_recording(data[0]))
        return
    told = {} if "instrument" in written else written
    told = {name: value for name, value in told.items() if name not in ("path", "type")}
    description = request.market.over(description_of(told, str(request.file or "configuration")))
    document["market"] = msgspec.to_builtins(describe_data(data, description))


def _sources(data: str | tuple[str, ...]) -> tuple[str, ...]:
    return (data,) if isinstance(data, str) else data


def _set_strategy(document: dict[str, Any], request: SessionRequest) -> None:
    written = part(document, "strategy")
    before = written.get("ref")
    if request.strategy is not None:
        ref = strategy_reference(request.strategy)
        if before is not None and strategy_reference(str(before)) != ref:
            written.clear()  # the parameters are those of another strategy
    elif before:
        ref = strategy_reference(str(before))
    else:
        raise InvalidConfig(
            "name a strategy: path/to/file.py:Class or package.module:Class", field="strategy.ref"
        )
    given = {**part(written, "params"), **request.params}
    document["strategy"] = {"ref": ref, "params": strategy_parameters(ref, given)}


def strategy_reference(ref: str) -> str:
    """A reference that also works from another directory: paths of files made absolute."""
    target, _, name = ref.rpartition(":")
    if not is_file_ref(ref) or not name.isidentifier():
        return ref
    return f"{absolute(Path(target))}:{name}"


def strategy_parameters(ref: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """All parameters of a strategy, checked by its own types, as JSON values.

    Text is converted: ``12`` for an int, ``0.01`` for a Decimal, JSON for lists and the like.
    Raises InvalidStrategy for a strategy that cannot be loaded or a value that does not fit.
    """
    strategy = load_strategy(ref).strategy
    declared = strategy.parameters()
    fitting = {}
    for name, value in given.items():
        optional = {
            key: msgspec.structs.replace(parameter, required=False)
            for key, parameter in declared.items()
        }
        try:
            resolve_parameters(strategy, optional, {name: value})
            fitting[name] = value
        except InvalidStrategy:
            fitting[name] = _from_json(value)
    resolved = resolve_parameters(strategy, declared, fitting)
    kept = {name: msgspec.to_builtins(v) for name, v in resolved.items() if _is_plain(v)}
    endless = [name for name, value in kept.items() if not _is_finite(value)]
    for name in endless:
        if name in given:
            raise InvalidStrategy(
                f"{strategy.__name__}.{name}={given[name]}: expected a finite number",
                strategy=strategy.__name__,
                parameter=name,
            )
    return {
        name: kept[name] if name in kept else msgspec.to_builtins(value)
        for name, value in resolved.items()
        if name in given or (name in kept and name not in endless)
    }


def parse_settings(
    pairs: Sequence[str], form: str = "NAME=VALUE", example: str = "fast=12"
) -> dict[str, str]:
    """``name=value`` texts to a mapping. Raises InvalidConfig for anything else, or twins; what is
    written so is told by ``form`` and ``example``."""
    found: dict[str, str] = {}
    for pair in pairs:
        name, sign, value = pair.partition("=")
        if not sign or not name.strip():
            raise InvalidConfig(f"{pair!r}: write {form}, such as {example}", field="set")
        if name.strip() in found:
            raise InvalidConfig(f"{name.strip()} is given twice", field="set")
        found[name.strip()] = value.strip()
    return found


def _milliseconds(text: str) -> int:
    try:
        nanoseconds = Decimal(text) * 1_000_000
    except ArithmeticError:
        nanoseconds = Decimal("NaN")
    if not nanoseconds.is_finite() or nanoseconds != int(nanoseconds):
        raise InvalidConfig(f"latency {text!r}: write milliseconds, such as 50", field="latency")
    return int(nanoseconds)


def _from_json(value: Any) -> Any:
    try:
        return msgspec.json.decode(value) if isinstance(value, str) else value
    except msgspec.DecodeError:
        return value


def _is_plain(value: object) -> bool:
    try:
        msgspec.to_builtins(value)
    except TypeError:
        return False
    return True


def _is_finite(value: object) -> bool:
    """Whether JSON, in which parameters are stored, has all of its numbers: it has no infinity."""
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, Mapping):
        return all(map(_is_finite, value.values()))
    return not isinstance(value, list | tuple) or all(map(_is_finite, value))
