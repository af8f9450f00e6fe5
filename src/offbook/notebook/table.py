"""A table that frames can be made of: named columns of exact values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from html import escape
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from offbook.domain.errors import ExtraNotInstalled

if TYPE_CHECKING:
    import pandas
    import polars

Value = str | int | float | Decimal | None
"""What stands in a cell: decimal text becomes a Decimal, times stay integers of ns UTC."""

_NONE: Final[Mapping[str, str]] = MappingProxyType({})

_SHOWN: Final = 20
"""Rows that a notebook shows."""


class Table(Mapping[str, tuple[Value, ...]]):
    """Columns of equal length by name: ``table["equity"]`` is a tuple, ``list(table.rows())`` are
    dictionaries.

    Exact numbers are Decimals.  A column of times is given twice: ``ts`` in ns UTC, and ``time``
    as ISO 8601 text, which becomes a timestamp in a frame; ``times`` names such pairs.
    """

    def __init__(
        self, columns: Mapping[str, Sequence[Value]], times: Mapping[str, str] = _NONE
    ) -> None:
        self._columns = {name: tuple(values) for name, values in columns.items()}
        self._times = dict(times)

    def __getitem__(self, name: str) -> tuple[Value, ...]:
        return self._columns[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._columns)

    def __len__(self) -> int:
        return len(self._columns)

    @property
    def height(self) -> int:
        """How many rows there are."""
        return len(next(iter(self._columns.values()), ()))

    def rows(self) -> Iterator[dict[str, Value]]:
        """The rows in order, each by column name."""
        for values in zip(*self._columns.values(), strict=True):
            yield dict(zip(self._columns, values, strict=True))

    def to_pandas(self) -> pandas.DataFrame:
        """A pandas frame: exact numbers as float64, times as UTC timestamps.

        Raises ExtraNotInstalled without pandas.
        """
        try:
            import pandas
        except ImportError:
            raise ExtraNotInstalled("a pandas frame needs pandas: pip install pandas") from None
        frame = pandas.DataFrame(self._plain())
        for name, values in self._columns.items():
            if any(isinstance(value, int) for value in values):
                # Where a value is missing, floats would take the last digits of a time.
                frame[name] = pandas.array(values, dtype="Int64" if None in values else "int64")
        for name, ns in self._times.items():
            frame[name] = pandas.to_datetime(frame[ns], unit="ns", utc=True)
        return frame

    def to_polars(self) -> polars.DataFrame:
        """A polars frame: exact numbers as Float64, times as UTC datetimes in ns.

        Raises ExtraNotInstalled without polars.
        """
        try:
            import polars
        except ImportError:
            raise ExtraNotInstalled("a polars frame needs polars: pip install polars") from None
        frame = polars.DataFrame(self._plain(), infer_schema_length=None)
        utc = polars.Datetime("ns", "UTC")
        return frame.with_columns(
            polars.col(ns).cast(utc).alias(name) for name, ns in self._times.items()
        )

    def _plain(self) -> dict[str, list[str | int | float | None]]:
        return {
            name: [float(value) if isinstance(value, Decimal) else value for value in values]
            for name, values in self._columns.items()
        }

    def __repr__(self) -> str:
        return f"<Table of {self.height} rows: {', '.join(self._columns)}>"

    def _repr_html_(self) -> str:
        head = "".join(f"<th>{escape(name)}</th>" for name in self._columns)
        body = []
        for number, row in enumerate(self.rows()):
            if number == _SHOWN:
                body.append(f"<tr><td>... {self.height - _SHOWN:,} more rows</td></tr>")
                break
            cells = "".join(f"<td>{escape(_shown(value))}</td>" for value in row.values())
            body.append(f"<tr>{cells}</tr>")
        return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(body)}</tbody></table>"


def _shown(value: Value) -> str:
    return "" if value is None else str(value)
