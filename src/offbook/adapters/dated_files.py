"""Small tables of dated entries: CSV with a header, or Parquet, one entry a row."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec

from offbook.adapters.brokers.replay.troubles import explained
from offbook.domain.errors import InvalidConfig, system_reason


class Table(msgspec.Struct, frozen=True, kw_only=True):
    """What a file has: its ``columns``, other ``names`` for them, those that are ``needed``; errors
    name ``field`` and say what the file is (``title``)."""

    title: str
    field: str
    columns: tuple[str, ...]
    names: dict[str, str]
    needed: tuple[str, ...]

    def rows(self, file: Path) -> Iterator[tuple[str, dict[str, str]]]:
        """Each row's place and cells by column; an empty cell says nothing.

        Raises InvalidConfig, naming file and row, for what cannot be read.
        """
        if not file.exists():
            raise InvalidConfig(
                f"there is no file of {self.title} {file} (looked in {Path.cwd()})",
                field=self.field,
            )
        rows = self._parquet(file) if file.suffix.lower() == ".parquet" else self._csv(file)
        for number, row in enumerate(rows, 1):
            place = f"{file.name}, row {number}"
            told = {name: text.strip() for name, text in row.items() if text and text.strip()}
            for name in self.needed:
                if name not in told:
                    raise InvalidConfig(f"{place}: {name} is empty", field=self.field)
            yield place, told

    def _known(self, names: list[str], file: Path) -> list[str]:
        plain = [_plain(name) for name in names]
        found = [self.names.get(name, name) for name in plain]
        wrong = sorted(set(found) - set(self.columns))
        lacking = [name for name in self.needed if name not in found]
        if wrong or lacking or len(set(found)) < len(found):
            what = f"it lacks {', '.join(lacking)}"
            if wrong:
                what = f"column {wrong[0]!r} is unknown, take it out or name it as one of these"
            elif not lacking:
                what = "a column is there twice"
            raise InvalidConfig(
                f"{file}: {what}; a file of {self.title} has {', '.join(self.columns)}",
                field=self.field,
            )
        return found

    def _csv(self, file: Path) -> Iterator[Mapping[str, str | None]]:
        try:
            text = file.read_text("utf-8-sig")
        except UnicodeDecodeError:
            raise InvalidConfig(f"{file} is not UTF-8 text", field=self.field) from None
        except OSError as error:
            told = system_reason(error)
            raise InvalidConfig(f"{file} cannot be read: {told}", field=self.field) from None
        lines = csv.reader(text.splitlines())
        names = self._known(next(lines, []), file)
        for number, cells in enumerate(lines, 1):
            if len(cells) != len(names):
                if not any(cells):
                    continue
                raise InvalidConfig(
                    f"{file.name}, row {number}: {len(cells)} cells under {len(names)} columns",
                    field=self.field,
                )
            yield dict(zip(names, cells, strict=True))

    def _parquet(self, file: Path) -> Iterator[Mapping[str, str | None]]:
        import duckdb

        connection = duckdb.connect(":memory:")
        try:
            table = connection.read_parquet(str(file))
            names = self._known(table.columns, file)
            texts = ", ".join(f'CAST("{name}" AS VARCHAR)' for name in table.columns)
            rows = table.project(texts).fetchall()
        except duckdb.Error as error:
            told = explained(str(file), 0, error).message
            raise InvalidConfig(told, field=self.field) from None
        finally:
            connection.close()
        for row in rows:
            yield dict(zip(names, row, strict=True))


def _plain(name: str) -> str:
    """``fundingRate`` and ``Funding Rate`` as ``funding_rate``."""
    parted = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name.strip())
    return re.sub(r"[\s-]+", "_", parted).lower()
