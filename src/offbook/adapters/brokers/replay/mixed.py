"""Whether a file holds rows of several instruments in turn, which no recording may.

They would be taken for those of one, and its price for jumping to and fro.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Final

from offbook.adapters.brokers.replay import query
from offbook.adapters.brokers.replay.columns import plain_name
from offbook.adapters.brokers.replay.source import Source, cells_of
from offbook.domain.errors import InvalidConfig

LOOKED_AT: Final = 1000
"""So many of the first rows are looked at."""
_NAMES: Final = frozenset(
    {"symbol", "ticker", "instrument", "instrument_id", "instrument_name", "inst_id", "name"}
)
"""What columns are called that say of which instrument a row is."""
_SHOWN: Final = 3


def require_one_instrument(source: Source, names: Sequence[str]) -> None:
    """Refuse a file in which an instrument comes back after another one.

    A series of contracts that follow one another is none of these.  Raises InvalidConfig, naming
    some of the instruments and what to do, and what reading raises.
    """
    place = next((i for i, name in enumerate(names) if plain_name(name) in _NAMES), None)
    if place is None:
        return
    seen: dict[str, None] = {}
    last, returns = None, False
    for text in _texts(source, names[place], place):
        returns = returns or (text != last and text in seen)
        seen.setdefault(text)
        last = text
    if not returns:
        return
    some = ", ".join(list(seen)[:_SHOWN]) + (", ..." if len(seen) > _SHOWN else "")
    raise InvalidConfig(
        f"{source.path} holds rows of several instruments (column {names[place]}: {some}). Write "
        f"those of one into a file: offbook data convert {source.path} NEW.csv --only "
        f"{names[place]}={next(iter(seen))}",
        field="market.path",
        file=source.path,
    )


def _texts(source: Source, name: str, place: int) -> Iterator[str]:
    if source.is_parquet:
        connection = query.connect()
        try:
            quoted = name.replace('"', '""')
            column = f'"{quoted}"::VARCHAR'
            sql = f"SELECT {column} FROM {query.table(source)} LIMIT {LOOKED_AT}"  # noqa: S608 - quoted name
            rows = connection.execute(sql, [query.literal_path(source.path)]).fetchall()
        finally:
            query.release(connection)
        yield from (str(row[0]) for row in rows)
        return
    for cells in islice(cells_of(source), LOOKED_AT):
        if place < len(cells):
            yield cells[place].strip()
