"""The habits of the house that no other tool keeps, as tests."""

import ast
import io
import re
import subprocess
import sys
import tokenize
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from packaging.requirements import Requirement
from packaging.version import Version

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "src" / "offbook"
PURE = (PACKAGE / "domain", PACKAGE / "engine")
PURE_MAY_IMPORT = {*sys.stdlib_module_names, "offbook", "numpy", "msgspec"}

FUNCTION_LINES_MAX = 60
MODULE_LINES_MAX = 400
VAGUE_NAMES = {"utils.py", "util.py", "helpers.py", "helper.py", "misc.py", "common.py"}

# An ignore, its codes, and the reason after them: at least two words.
IGNORE = re.compile(r"#\s*(type:\s*ignore|noqa|pragma:\s*no\s)", re.IGNORECASE)
REASONED = re.compile(
    r"#\s*(type:\s*ignore\[[\w, -]+\]|noqa: [A-Z]+\d+(, ?[A-Z]+\d+)*|pragma: no (cover|branch))"
    r"[\s#:;,-]+\w+\W+\w+"
)

# What asks the world instead of its caller: the hour, an identifier, chance.
WORLDLY = re.compile(
    r"(^|\.)datetime\.(now|utcnow|today)$|(^|\.)date\.today$|(^|\.)time\.(time|time_ns|localtime)$"
    r"|(^|\.)uuid[1-8]$|^((np|numpy)\.)?random(\.|$)|^secrets(\.|$)|^os\.urandom$"
)

# Where and by whom the project is worked on is no part of it.
STRANGE = re.compile(
    r"/[w]ork/|/[r]oot/|\b[i]ssue #?\d|pypi[.]org|pythonhosted[.]org|[r]egistry\.npmjs"
)


@cache
def tracked() -> tuple[Path, ...]:
    """Return the project's files: those that git knows, or all in a tree without git."""
    listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        out = subprocess.run(listing, cwd=ROOT, check=True, capture_output=True, text=True).stdout
        found = [ROOT / name for name in out.split("\0") if name]
    except (FileNotFoundError, subprocess.CalledProcessError):
        hidden = re.compile(r"(^|/)\.")
        found = [
            path
            for path in ROOT.rglob("*")
            if not hidden.search(path.relative_to(ROOT).as_posix()) and path.suffix != ".pyc"
        ]
    return tuple(path for path in found if path.is_file())


def tree_of(path: Path) -> ast.Module:
    """Return a Python file's syntax tree.

    It is not kept: those of all files are a million objects for every collection of garbage to
    visit, in whatever tests come after.
    """
    return ast.parse(path.read_text("utf-8"))


def modules() -> Iterator[tuple[Path, str]]:
    """Yield every Python file of the project with its text."""
    for path in tracked():
        if path.suffix == ".py":
            yield path, path.read_text("utf-8")


def place(path: Path, line: int) -> str:
    """Name a line as editors and terminals take it."""
    return f"{path.relative_to(ROOT)}:{line}"


def listed(fault: str, places: list[str]) -> str:
    """Return a message with every place on a line of its own."""
    return "\n  ".join([fault, *places])


def imported_names(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Yield (line, dotted name) for everything imported by an absolute import."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)


def dotted_names(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Yield (line, dotted name) for every a.b.c that the code reads."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            names, inner = [node.attr], node.value
            while isinstance(inner, ast.Attribute):
                names.append(inner.attr)
                inner = inner.value
            names.append(inner.id if isinstance(inner, ast.Name) else "()")
            yield node.lineno, ".".join(reversed(names))


def test_a_function_fits_on_a_screen() -> None:
    """A longer function does more than one thing, or says it at too low a level."""
    long = [
        f"{place(path, node.lineno)} {node.name}"
        for path, _ in modules()
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or 0) - node.lineno + 1 > FUNCTION_LINES_MAX
    ]
    assert not long, listed(f"functions over {FUNCTION_LINES_MAX} lines", long)


def test_a_module_is_read_in_one_sitting() -> None:
    """A longer module is two modules."""
    long = [
        f"{place(path, 1)} {lines} lines"
        for path, text in modules()
        if (lines := text.count("\n")) > MODULE_LINES_MAX
    ]
    assert not long, listed(f"modules over {MODULE_LINES_MAX} lines", long)


def test_a_module_is_named_for_what_it_holds() -> None:
    """A drawer for anything fills with everything."""
    vague = [place(path, 1) for path, _ in modules() if path.name in VAGUE_NAMES]
    assert not vague, listed("names that say nothing", vague)


def test_a_folder_of_code_is_a_package() -> None:
    """Without its __init__.py a folder escapes the import contracts."""
    folders = {path.parent for path, _ in modules() if path.is_relative_to(PACKAGE)}
    bare = [str(folder) for folder in folders if not (folder / "__init__.py").is_file()]
    assert not bare, listed("folders without __init__.py", bare)


def test_an_ignored_warning_names_its_rule_and_says_why() -> None:
    """The next reader can tell whether the reason still holds."""
    bare = [
        place(path, token.start[0])
        for path, text in modules()
        if IGNORE.search(text)
        for token in tokenize.generate_tokens(io.StringIO(text).readline)
        if token.type == tokenize.COMMENT
        and IGNORE.search(token.string)
        and not REASONED.search(token.string)
    ]
    assert not bare, listed("an ignore without its code, or without a reason after it", bare)


def test_only_adapters_ask_the_world_for_the_hour_an_identifier_or_chance() -> None:
    """All else is told them, so that the same inputs give the same bytes."""
    asked = [
        f"{place(path, line)} {name}"
        for path, _ in modules()
        if path.is_relative_to(PACKAGE) and not path.is_relative_to(PACKAGE / "adapters")
        for tree in [tree_of(path)]
        for line, name in [*imported_names(tree), *dotted_names(tree)]
        if WORLDLY.search(name)
    ]
    assert not asked, listed("asked of the world outside adapters", asked)


def test_the_core_imports_the_standard_library_numpy_and_msgspec_alone() -> None:
    """The import contracts name what is forbidden; this names all that is allowed."""
    strange = [
        f"{place(path, line)} {name}"
        for path, _ in modules()
        if any(path.is_relative_to(folder) for folder in PURE)
        for line, name in imported_names(tree_of(path))
        if name.partition(".")[0] not in PURE_MAY_IMPORT
    ]
    assert not strange, listed("third parties in the core", strange)


def test_the_project_speaks_of_itself_alone() -> None:
    """No path of one machine, no number of someone's list, no address of a package source."""
    strange = []
    for path in tracked():
        try:
            text = path.read_text("utf-8")
        except UnicodeDecodeError:
            continue
        strange += [
            f"{place(path, text[: found.start()].count(chr(10)) + 1)} {found.group()}"
            for found in STRANGE.finditer(text)
        ]
    assert not strange, listed("words from outside the project", strange)


def test_the_locks_hold_a_fitting_version_of_everything_that_is_asked_for() -> None:
    """Whoever changes pyproject.toml runs make lock too."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    runtime = project["project"]["dependencies"]
    wanted = {"runtime": runtime, "dev": runtime + project["dependency-groups"]["dev"]}
    for name, requirements in wanted.items():
        lock = (ROOT / "requirements" / f"{name}.txt").read_text("utf-8")
        pinned = dict(re.findall(r"^([\w.-]+)==([^\s;]+)", lock, re.MULTILINE))
        for requirement in map(Requirement, requirements):
            version = Version(pinned.get(requirement.name, "0"))
            assert version in requirement.specifier, f"{requirement} in {name}.txt"
