"""Finding the strategy that a session names: a class in a file, or in a module."""

from __future__ import annotations

import ast
import hashlib
import importlib
import importlib.util
import inspect
import io
import sys
import tokenize
import traceback
from pathlib import Path
from types import ModuleType
from typing import Final, NamedTuple

from offbook.domain.errors import InvalidStrategy, system_reason
from offbook.engine.strategy.definitions import require_callbacks
from offbook.engine.strategy.interruption import is_from_a_signal
from offbook.engine.strategy.strategy import Strategy

FILE_MODULE: Final = "offbook_strategy_"
"""What the names of modules that were made from files begin with."""

_DIGEST: Final = "__offbook_source__"


class LoadedStrategy(NamedTuple):
    """A strategy's class, and the SHA-256 (hex) of the text of the file that defines it."""

    strategy: type[Strategy]
    source: str


def is_file_ref(ref: str) -> bool:
    """Whether a reference names a file, and not a module that Python is to find."""
    target = ref.rpartition(":")[0]
    return target.endswith(".py") or "/" in target or "\\" in target


def load_strategy(ref: str) -> LoadedStrategy:
    """Import the class that ``ref`` names.

    A file is loaded as a module of its own whose name depends on its path alone; its folder can be
    imported from, as when Python runs the file.  For ``package.module:Class`` the current directory
    can be imported from.  Code is loaded once as long as its file does not change.  Raises
    InvalidStrategy, saying what was found instead; fields ``strategy`` and, where the author's own
    code failed, ``file``, ``line`` and ``detail`` (the traceback).
    """
    target, _, name = ref.rpartition(":")
    named = is_file_ref(ref) or all(part.isidentifier() for part in target.split("."))
    if not target or not name.isidentifier() or not named:
        raise _invalid(
            ref,
            f"strategy {ref!r}: write path/to/file.py:Class or package.module:Class{_meant(ref)}",
        )
    module = _module(ref, target)
    strategy = getattr(module, name, None)
    if strategy is None:
        raise _invalid(ref, f"{_shown(target)} has no class {name!r}; {_strategies_of(module)}")
    if not isinstance(strategy, type) or not issubclass(strategy, Strategy):
        raise _invalid(
            ref,
            f"{_shown(target)}:{name} is not a Strategy: write `class {name}(Strategy):` with "
            f"`from offbook import Strategy`; {_strategies_of(module)}",
        )
    require_callbacks(strategy)
    return LoadedStrategy(strategy, _digest_of(strategy, module))


def _meant(ref: str) -> str:
    """Of a file that is named without a class: the strategies that seem to be in it. It is read and
    not run, for nobody asked for that."""
    file = Path(ref).expanduser()
    if file.suffix != ".py" or not file.is_file():
        return ""
    try:
        tree = ast.parse(file.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return ""
    names = [
        node.name
        for node in tree.body
        if isinstance(node, ast.ClassDef) and any("Strategy" in ast.unparse(b) for b in node.bases)
    ]
    return f", as {' or '.join(f'{ref}:{name}' for name in names)}" if names else ""


def load_module(target: str) -> ModuleType:
    """Import a file or a module that may hold strategies. Raises InvalidStrategy."""
    if not is_file_ref(f"{target}:X") and not all(p.isidentifier() for p in target.split(".")):
        raise _invalid(target, f"{target!r} is neither a file, nor a folder, nor a module")
    return _module(f"{target}:", target)


def _module(ref: str, target: str) -> ModuleType:
    return _from_file(ref, target) if is_file_ref(ref) else _from_package(ref, target)


def _from_file(ref: str, target: str) -> ModuleType:
    path = Path(target).expanduser().resolve()
    if path.is_dir():
        raise _invalid(ref, f"{_shown(target)} is a folder: name a file in it, as in mine.py:Mine")
    if path.suffix != ".py":
        raise _invalid(ref, f"{_shown(target)} is no Python file: name one that ends in .py")
    try:
        text = _text_of(path)
    except FileNotFoundError:
        raise _invalid(ref, f"there is no file {_shown(target)} (looked in {Path.cwd()})") from None
    except SyntaxError as error:
        raise _broken(ref, target, error) from None
    except UnicodeDecodeError:
        raise _invalid(ref, f"{_shown(target)} is not UTF-8 text: save it as that") from None
    except OSError as error:
        raise _invalid(ref, f"{_shown(target)} cannot be read: {system_reason(error)}") from None
    digest = _digest(text)
    name = FILE_MODULE + hashlib.sha256(str(path).encode()).hexdigest()[:16]
    module = sys.modules.get(name)
    if module is not None and getattr(module, _DIGEST, None) == digest:
        return module
    _importable(path.parent)
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    setattr(module, _DIGEST, digest)
    sys.modules[name] = module  # typing looks the annotations' names up there
    try:
        exec(compile(text, str(path), "exec"), module.__dict__)  # noqa: S102 - the user's own code
    except BaseException as error:
        if is_from_a_signal(error):
            raise
        del sys.modules[name]
        raise _broken(ref, target, error) from error
    return module


def _from_package(ref: str, target: str) -> ModuleType:
    _importable(Path.cwd())
    try:
        return importlib.import_module(target)
    except ModuleNotFoundError as error:
        missing = error.name or ""
        if target == missing or target.startswith(f"{missing}."):
            hint = ""
            if Path(f"{target.replace('.', '/')}.py").is_file():
                hint = (
                    f"; for the file write {target.replace('.', '/')}.py:{ref.rpartition(':')[2]}"
                )
            raise _invalid(
                ref,
                f"there is no module {missing} (looked in {Path.cwd()} and among installed "
                f"packages){hint}",
            ) from None
        raise _broken(ref, target, error) from error
    except BaseException as error:
        if is_from_a_signal(error):
            raise
        raise _broken(ref, target, error) from error


def _importable(folder: Path) -> None:
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))


def _text_of(path: Path) -> str:
    """Source as Python reads it: its declared encoding, any line ends. Raises SyntaxError too."""
    raw = path.read_bytes()
    encoding, _ = tokenize.detect_encoding(io.BytesIO(raw).readline)
    return io.TextIOWrapper(io.BytesIO(raw), encoding).read()


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _digest_of(strategy: type[Strategy], found_in: ModuleType) -> str:
    """The digest of what was loaded; a file may have changed since."""
    module = sys.modules.get(strategy.__module__, found_in)
    known = getattr(module, _DIGEST, None)
    if isinstance(known, str):
        return known
    try:
        digest = _digest(_text_of(Path(inspect.getfile(strategy))))
    except (OSError, TypeError):
        digest = _digest(strategy.__qualname__)  # made at a prompt: there is no text to compare
    setattr(module, _DIGEST, digest)
    return digest


def _strategies_of(module: ModuleType) -> str:
    names = sorted(
        name
        for name, value in vars(module).items()
        if isinstance(value, type) and issubclass(value, Strategy) and value is not Strategy
    )
    return f"its strategies: {', '.join(names)}" if names else "there is no Strategy in it"


def _invalid(ref: str, message: str, **fields: object) -> InvalidStrategy:
    return InvalidStrategy(message, strategy=ref, **fields)


def _broken(ref: str, target: str, error: BaseException) -> InvalidStrategy:
    """The author's code failed: say in which of the author's lines."""
    detail = "".join(traceback.format_exception(error))
    if isinstance(error, SyntaxError):
        file, line, text = error.filename or target, error.lineno, (error.text or "").strip()
        what = f"SyntaxError: {error.msg}"
    else:
        file, line, text = _last_own_line(target, error)
        what = f"importing it raised {type(error).__name__}: {error}"
    place = _shown(file) + (f", line {line}" if line else "")
    quoted = f"\n    {text}" if text else ""
    return _invalid(ref, f"{place}: {what}{quoted}", file=file, line=line, detail=detail)


def _last_own_line(target: str, error: BaseException) -> tuple[str, int | None, str]:
    """The innermost line of the traceback that is neither ours nor Python's import machinery."""
    ours = str(Path(__file__).resolve())
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if frame.filename != ours
        and not frame.filename.startswith("<")
        and "importlib" not in Path(frame.filename).parts
    ]
    own = [f for f in frames if "site-packages" not in Path(f.filename).parts] or frames
    if not own:
        return target, None, ""
    return own[-1].filename, own[-1].lineno, own[-1].line or ""


def _shown(file: str) -> str:
    try:
        return str(Path(file).relative_to(Path.cwd()))
    except ValueError:
        return file
