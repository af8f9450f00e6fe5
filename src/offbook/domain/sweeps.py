"""A sweep: one session for each combination of a strategy's parameters, all else the same.

A *cell* is one combination.  Its session's id follows from the sweep and the parameters alone, so
that whoever runs the sweep again finds the session that was made before, finished or not.
"""

from __future__ import annotations

import hashlib
import re
from typing import Any, Final

import msgspec

from offbook.domain.config import SessionConfig, StrategySpec, chain_config
from offbook.domain.errors import InvalidConfig
from offbook.domain.identifiers import hashed_uuid
from offbook.domain.records import ENGINE_SEMANTICS
from offbook.domain.session import SessionError

CellValue = str | int | float | bool | None
"""What a column of a sweep's table holds: exact decimals are text."""

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}\Z", re.ASCII)
_PARTS: Final = ("engine", "strategy", "data", "config")


class SweepIdentity(msgspec.Struct, frozen=True, kw_only=True):
    """What all cells of a sweep share, as digests (hex): source text of the strategy, rows and
    options of the data, every setting but the strategy's parameters; and what the engine makes of
    them, by the version of its semantics."""

    strategy: str
    data: str
    config: str
    engine: int = ENGINE_SEMANTICS

    @property
    def digest(self) -> str:
        """All of them in one, as hex."""
        parts = (self.strategy, self.data, self.config, str(self.engine))
        return hashlib.sha256("|".join(parts).encode()).hexdigest()

    def differs(self, other: SweepIdentity) -> str | None:
        """The first part in which they differ: engine, strategy, data or config."""
        return next((part for part in _PARTS if getattr(self, part) != getattr(other, part)), None)


class SweepAxis(msgspec.Struct, frozen=True, kw_only=True):
    """One parameter that varies, and its values as JSON holds them, in the order in which they
    were named, none twice."""

    name: str
    values: tuple[Any, ...]


class SweepCell(msgspec.Struct, frozen=True, kw_only=True):
    """One combination: ``number`` is its place (from 1) among all of the grid, the last axis
    varying fastest; ``params`` are all of the strategy's parameters as JSON values."""

    number: int
    params: dict[str, Any]


class CellTask(msgspec.Struct, frozen=True, kw_only=True):
    """What a worker needs to run a cell; ``slot`` is the number of the store (from 1) that its
    session is kept in."""

    session_id: str
    config: SessionConfig
    slot: int


class CellResult(msgspec.Struct, frozen=True, kw_only=True):
    """What a cell came to.

    ``ended`` is why its session went no further: ``end_of_data``, or another reason.  With an
    ``error`` there are no ``statistics``, which are named in ``offbook.services.sweeping``.
    ``chain_head`` and ``records`` tell which session it was, byte by byte.
    """

    session_id: str
    ended: str = ""
    statistics: dict[str, CellValue] = {}
    error: SessionError | None = None
    records: int = 0
    chain_head: str = ""


def check_sweep_name(name: str) -> str:
    """The name, if folders can be called so. Raises InvalidConfig."""
    if _NAME.match(name) is None:
        raise InvalidConfig(
            f"name {name!r}: expected up to 64 letters, digits and . _ -, a letter or digit first",
            field="name",
        )
    return name


def identity_of(config: SessionConfig, strategy_source: str, data_identity: str) -> SweepIdentity:
    """What a sweep of sessions like ``config`` is made of; its strategy's parameters do not
    count, nor do names, pace and places."""
    assert config.strategy is not None
    bare = msgspec.structs.replace(config, strategy=StrategySpec(ref=config.strategy.ref))
    digest = hashlib.sha256(chain_config(bare)).hexdigest()
    return SweepIdentity(strategy=strategy_source, data=data_identity, config=digest)


def cell_key(params: dict[str, Any]) -> str:
    """The same text for the same parameters."""
    return msgspec.json.encode(params, order="deterministic").decode()


def cell_session_id(name: str, identity: SweepIdentity, params: dict[str, Any]) -> str:
    """The id of a cell's session: that of another sweep, or of other parameters, is another."""
    return hashed_uuid(f"{name}|{identity.digest}|{cell_key(params)}")


def in_sample(cells: tuple[SweepCell, ...], count: int, seed: int) -> tuple[SweepCell, ...]:
    """So many of the cells by chance, in their order: those with the least keyed digest.

    The same seed draws the same, whatever else is in the grid, and more for a larger count.
    """

    def drawn(cell: SweepCell) -> bytes:
        return hashlib.blake2b(f"{seed}|{cell_key(cell.params)}".encode()).digest()

    chosen = {cell.number for cell in sorted(cells, key=drawn)[:count]}
    return tuple(cell for cell in cells if cell.number in chosen)
