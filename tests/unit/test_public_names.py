"""The names of the package: complete, real, and cheap to import."""

import ast
import subprocess
import sys
from importlib import import_module, metadata
from pathlib import Path

import pytest

import offbook

SOURCE = ast.parse(Path(offbook.__file__).read_text("utf-8"))
HEAVY = ("offbook.bootstrap", "offbook.adapters", "sqlalchemy", "duckdb", "pydantic", "typer")


def test_the_table_the_type_checker_and_all_name_the_same_things() -> None:
    """A name added in one place only would be seen by some readers and not by others."""
    typed = {
        alias.asname: f"{node.module}"
        for node in ast.walk(SOURCE)
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("offbook.")
        for alias in node.names
    }
    assert typed == offbook._HOME
    assert sorted(offbook.__all__) == sorted([*offbook._HOME, "__version__"])


@pytest.mark.parametrize(("name", "module"), offbook._HOME.items())
def test_a_public_name_is_found_in_its_module(name: str, module: str) -> None:
    """The same object by either way, listed by dir()."""
    assert getattr(offbook, name) is getattr(import_module(module), name)
    assert name in dir(offbook)


def test_the_version_is_that_of_the_installed_package() -> None:
    """One source: pyproject.toml."""
    assert offbook.__version__ == metadata.version("offbook")


def test_an_unknown_name_is_an_attribute_error_that_names_it() -> None:
    """As of any module, so that hasattr and typos behave."""
    with pytest.raises(AttributeError, match="'Strategist'"):
        offbook.Strategist  # noqa: B018 - reading the attribute is what is tested


@pytest.mark.parametrize("statement", ["import offbook", "from offbook import Strategy"])
def test_a_strategy_s_author_loads_no_database_and_no_door(statement: str) -> None:
    """Writing and unit testing a strategy needs the engine alone."""
    code = f"{statement}; import sys; print([n for n in {HEAVY!r} if n in sys.modules])"
    out = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert out.stdout.strip() == "[]"
