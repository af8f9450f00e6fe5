"""Typed parameters of strategies: annotated class attributes, converted and explained."""

from __future__ import annotations

import copy
import difflib
import typing
from collections.abc import Mapping
from typing import Any, ClassVar

import msgspec

from offbook.domain.errors import InvalidStrategy
from offbook.domain.fitting import choices, expected, faults, kinds_of


class Parameter(msgspec.Struct, frozen=True, kw_only=True):
    """One parameter: its name, type and default (``required`` when it has none)."""

    name: str
    type: Any
    default: Any = None
    required: bool = False

    @property
    def type_name(self) -> str:
        """The type as a reader would write it."""
        return self.type.__name__ if isinstance(self.type, type) else str(self.type)


def declared_parameters(strategy: type, stop: type) -> dict[str, Parameter]:
    """The public annotated attributes of a strategy class, its bases' first, up to ``stop``.

    Raises InvalidStrategy when an annotation cannot be understood, or a name is taken.
    """
    try:
        hints = typing.get_type_hints(strategy)
    except Exception as error:
        raise InvalidStrategy(
            f"{strategy.__name__}: cannot read its parameters' types: {error}",
            strategy=strategy.__name__,
        ) from error
    names = [
        name
        for base in reversed(strategy.__mro__)
        if issubclass(base, stop) and base is not stop
        for name in vars(base).get("__annotations__", _annotations_of(base))
    ]
    parameters = {}
    for name in dict.fromkeys(names):
        hint = hints[name]
        if name.startswith("_") or typing.get_origin(hint) is ClassVar or hint is ClassVar:
            continue
        if hasattr(stop, name):
            raise InvalidStrategy(
                f"{strategy.__name__}: a parameter cannot be called {name!r}, for it would hide "
                f"{stop.__name__}.{name}",
                strategy=strategy.__name__,
                parameter=name,
            )
        missing = not hasattr(strategy, name)
        parameters[name] = Parameter(
            name=name,
            type=hint,
            default=None if missing else getattr(strategy, name),
            required=missing,
        )
    return parameters


def _annotations_of(base: type) -> Mapping[str, Any]:
    """From Python 3.14 on annotations are made when asked for and are not in ``vars``."""
    own: Mapping[str, Any] = getattr(base, "__annotations__", {})
    inherited: Mapping[str, Any] = {}
    for parent in base.__mro__[1:]:
        inherited = getattr(parent, "__annotations__", {})
        break
    return {} if own is inherited else own


def resolve_parameters(
    strategy: type, declared: Mapping[str, Parameter], given: Mapping[str, Any]
) -> dict[str, Any]:
    """Every parameter's value: what was given, converted to its type, else its default; a copy,
    so that sessions share nothing that can change.

    Text such as ``"12"`` is accepted for a number, as it comes from a command line.  Raises
    InvalidStrategy naming the parameter, what it expects and what it got.
    """
    name = strategy.__name__
    for key in given:
        if key not in declared:
            close = difflib.get_close_matches(key, declared, n=1)
            hint = f"; did you mean {close[0]!r}?" if close else ""
            known = ", ".join(f"{p.name}: {p.type_name}" for p in declared.values()) or "none"
            raise InvalidStrategy(
                f"{name} has no parameter {key!r}{hint} (its parameters: {known})",
                strategy=name,
                parameter=key,
            )
    values = {}
    for key, parameter in declared.items():
        if key in given:
            values[key] = _convert(name, parameter, given[key])
        elif parameter.required:
            raise InvalidStrategy(
                f"{name} needs a value for {key!r} ({parameter.type_name}): --set {key}=...",
                strategy=name,
                parameter=key,
            )
        else:
            values[key] = copy.deepcopy(parameter.default)
    return values


def _convert(strategy: str, parameter: Parameter, value: Any) -> Any:
    wants_text = parameter.type is str and not isinstance(value, str)
    given = str(value) if wants_text else copy.deepcopy(value)
    try:
        return msgspec.convert(given, parameter.type, strict=False)
    except msgspec.ValidationError as error:
        more = _more_of(error, given, parameter.type)
        raise InvalidStrategy(
            f"{strategy}.{parameter.name} expects {parameter.type_name}, was {value!r}{more}",
            strategy=strategy,
            parameter=parameter.name,
        ) from None


def _more_of(error: msgspec.ValidationError, given: Any, kind: Any) -> str:
    """What the type's name does not say: where within a value the trouble is, and names to take."""
    fault = next(faults(given, kind, strict=False), None)
    if fault is None:
        return f": {error}"
    if fault.place:
        return f": {fault.told()}"
    kinds = kinds_of(kind)
    return f": one of {expected(kinds)}" if any(choices(one) for one in kinds) else ""
