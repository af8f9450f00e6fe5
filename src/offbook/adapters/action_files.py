"""Files of corporate actions: CSV with a header, or Parquet, one action a row."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from offbook.domain.config import CorporateAction
from offbook.domain.errors import InvalidConfig

COLUMNS: Final = ("symbol", "kind", "ex", "pay", "ratio", "amount", "currency", "new_symbol")
_NAMES: Final = {"ex_date": "ex", "pay_date": "pay", "payment_date": "pay", "date": "ex"}
_FIELD: Final = "market.actions"


def read_actions(file: Path) -> tuple[CorporateAction, ...]:
    """The actions of a file, in its order; an empty cell says nothing.

    Raises InvalidConfig, naming file and row, for what cannot be read or is no action.
    """
    rows = _parquet(file) if file.suffix.lower() == ".parquet" else _csv(file)
    return tuple(_action(row, f"{file.name}, row {number}") for number, row in enumerate(rows, 1))


def _action(row: Mapping[str, str | None], place: str) -> CorporateAction:
    told = {}
    for name, text in row.items():
        if text is not None and text.strip():
            told[name] = text.strip()
    for name in ("symbol", "kind", "ex"):
        if name not in told:
            raise InvalidConfig(f"{place}: {name} is empty", field=_FIELD)
    try:
        return CorporateAction(**told)  # type: ignore[arg-type]  # a kind as text is settled there
    except InvalidConfig as error:
        raise InvalidConfig(f"{place}: {error.message}", **error.fields) from None


def _known(names: list[str], file: Path) -> list[str]:
    found = [_NAMES.get(name.strip().lower(), name.strip().lower()) for name in names]
    wrong = sorted(set(found) - set(COLUMNS))
    lacking = [name for name in ("symbol", "kind", "ex") if name not in found]
    if wrong or lacking or len(set(found)) < len(found):
        what = f"column {wrong[0]!r} is unknown" if wrong else f"it lacks {', '.join(lacking)}"
        if not wrong and not lacking:
            what = "a column is there twice"
        raise InvalidConfig(
            f"{file}: {what}; a file of corporate actions has {', '.join(COLUMNS)}", field=_FIELD
        )
    return found


def _csv(file: Path) -> Iterator[dict[str, str | None]]:
    try:
        text = file.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidConfig(f"{file} cannot be read: {error}", field=_FIELD) from None
    lines = csv.reader(text.splitlines())
    names = _known(next(lines, []), file)
    for number, cells in enumerate(lines, 1):
        if len(cells) != len(names):
            if not any(cells):
                continue
            raise InvalidConfig(
                f"{file.name}, row {number}: {len(cells)} cells under {len(names)} columns",
                field=_FIELD,
            )
        yield dict(zip(names, cells, strict=True))


def _parquet(file: Path) -> Iterator[dict[str, str | None]]:
    import duckdb

    connection = duckdb.connect(":memory:")
    try:
        table = connection.read_parquet(str(file))
        names = _known(table.columns, file)
        texts = ", ".join(f'CAST("{name}" AS VARCHAR)' for name in table.columns)
        rows = table.project(texts).fetchall()
    except duckdb.Error as error:
        raise InvalidConfig(f"{file} cannot be read: {error}", field=_FIELD) from None
    finally:
        connection.close()
    for row in rows:
        yield dict(zip(names, row, strict=True))
