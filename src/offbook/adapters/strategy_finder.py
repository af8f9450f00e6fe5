"""Finding strategies without being told their names: those that ship, and those of a place."""

from __future__ import annotations

import ast
import inspect
import pkgutil
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import msgspec

from offbook.adapters.strategy_loader import load_module
from offbook.domain.errors import InvalidStrategy, OffbookError
from offbook.engine.strategy.parameters import Parameter
from offbook.engine.strategy.strategy import Strategy

_LARGEST: Final = 1 << 20


class ParameterLine(msgspec.Struct, frozen=True, kw_only=True):
    """A parameter as it is shown; ``default`` is its JSON value or, where it has none, its text."""

    name: str
    type: str
    required: bool
    default: Any = None


class StrategyLine(msgspec.Struct, frozen=True, kw_only=True):
    """A strategy: the reference that runs it, the first line of what its author says, and its
    parameters."""

    ref: str
    name: str
    about: str
    parameters: tuple[ParameterLine, ...]


class FoundStrategies(msgspec.Struct, frozen=True, kw_only=True):
    """What was found, and the files that could not be loaded with why."""

    strategies: tuple[StrategyLine, ...]
    broken: tuple[tuple[str, str], ...] = ()


def find(place: str) -> FoundStrategies:
    """The strategies of a ``.py`` file, of a folder (not below it) or of a module.

    Of a folder only files that seem to hold a strategy are run; one that cannot be is told in
    ``broken``.  Raises InvalidStrategy for a place that is not there or holds none.
    """
    folder = Path(place).expanduser()
    if folder.is_dir():
        return _in_folder(folder)
    lines = tuple(_lines_of(place))
    if not lines:
        raise InvalidStrategy(f"there is no Strategy in {place}", strategy=place)
    return FoundStrategies(strategies=lines)


def find_in_package(package: str) -> FoundStrategies:
    """The strategies of the modules right below a package. Raises InvalidStrategy."""
    modules = pkgutil.iter_modules(load_module(package).__path__)
    return FoundStrategies(
        strategies=tuple(
            line for module in modules for line in _lines_of(f"{package}.{module.name}")
        )
    )


def _in_folder(folder: Path) -> FoundStrategies:
    lines: list[StrategyLine] = []
    broken: list[tuple[str, str]] = []
    for file in sorted(folder.glob("*.py")):
        if not _seems_to_hold_one(file):
            continue
        try:
            lines.extend(_lines_of(str(file)))
        except OffbookError as error:
            broken.append((str(file), error.message))
    if not lines and not broken:
        raise InvalidStrategy(f"no file in {folder} holds a Strategy", strategy=str(folder))
    return FoundStrategies(strategies=tuple(lines), broken=tuple(broken))


def _seems_to_hold_one(file: Path) -> bool:
    """Whether a class is derived from something here, without running the file."""
    try:
        if file.stat().st_size > _LARGEST:
            return False
        tree = ast.parse(file.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return True  # loading it says what is wrong
    return any(
        isinstance(node, ast.ClassDef) and any("Strategy" in ast.unparse(b) for b in node.bases)
        for node in ast.walk(tree)
    )


def _lines_of(target: str) -> Iterator[StrategyLine]:
    module = load_module(target)
    for name, kind in vars(module).items():
        if _is_own(kind, module) and not name.startswith("_"):
            yield StrategyLine(
                ref=f"{target}:{name}",
                name=name,
                about=(inspect.getdoc(kind) or "").partition("\n")[0] if kind.__doc__ else "",
                parameters=tuple(map(_parameter, kind.parameters().values())),
            )


def _is_own(kind: Any, module: ModuleType) -> bool:
    is_strategy = isinstance(kind, type) and issubclass(kind, Strategy)
    return is_strategy and kind.__module__ == module.__name__


def _parameter(parameter: Parameter) -> ParameterLine:
    default = parameter.default
    try:
        default = msgspec.to_builtins(default)
    except TypeError:
        default = repr(default)
    return ParameterLine(
        name=parameter.name,
        type=parameter.type_name,
        required=parameter.required,
        default=default,
    )
