"""An engine's state taken at one moment and written down later, piece by piece.

What a session keeps for each order it ever had grows for ever; all else is small.  So ``capture``
writes down at once what is small, and of the rest it takes hold: orders that have ended change no
more, and of those that have not it takes copies.  The engine may go on while the pieces are made.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import count, islice
from typing import Any, Final, NamedTuple, TypeVar

import msgspec

from offbook.engine.snapshots import ENCODER, Parts, state_of

PIECE: Final = 256
"""Entries written in one piece: some tenths of a millisecond."""

_MARK: Final = b"\0"
"""Stands where a map is left out. JSON holds no such byte, nor does what a strategy saves."""

_GROW_WITHIN: Final = frozenset({"lists"})
"""Maps whose values are added to where they stand, and so are never equal to what they were."""

S = TypeVar("S", bound=msgspec.Struct)


class Piece(NamedTuple):
    """A bounded part of a state: ``start``, then the entries of one of its maps.

    Where there is a ``place`` (which map, and which piece of it), another state of the same engine
    has the same bytes in that place if it has equal entries there.
    """

    start: bytes
    entries: dict[Any, Any] | None = None
    place: tuple[str, int] | None = None

    def text(self) -> bytes:
        """Its bytes."""
        if self.entries is None:
            return self.start
        return self.start + ENCODER.encode(self.entries)[1:-1]


class Captured:
    """A state as it was; ``entries`` is how much there is to write."""

    __slots__ = ("_maps", "_rest", "entries")

    def __init__(self, rest: bytes, maps: list[tuple[str, Mapping[Any, Any]]]) -> None:
        """``maps`` are those that are left out of ``rest``, each with a name of its own."""
        self._rest = rest.split(_MARK)
        self._maps = maps
        self.entries = sum(len(entries) for _, entries in maps)

    def pieces(self) -> Iterator[Piece]:
        """The parts in order; the joined bytes of all are what ``whole`` gives."""
        yield Piece(self._rest[0])
        for (name, entries), text in zip(self._maps, self._rest[1:], strict=True):
            yield from _cut(name, entries)
            yield Piece(text)

    def whole(self) -> bytes:
        """All of it at once."""
        return b"".join(piece.text() for piece in self.pieces())


def capture(parts: Parts, row: int, memory: bytes | None) -> Captured:
    """Take hold of the state between two steps; ``memory`` is the strategy's, as JSON."""
    ledger, view = parts.kernel.ledger, parts.kernel.view
    kept: dict[str, Mapping[Any, Any]] = {
        "orders": _held(ledger.orders, ledger.open_orders),
        "by_client_id": ledger.by_client_id.copy(),
        "bodies": ledger.bodies.copy(),
        "lists": ledger.lists.copy(),
    }
    seen = {"orders": _held(view.orders, view.open_orders)}
    state = state_of(parts, row, memory)
    state = msgspec.structs.replace(state, ledger=_without(ledger, kept), view=_without(view, seen))
    maps = [*_in_order("", ledger, kept), *_in_order("view.", view, seen)]
    return Captured(ENCODER.encode(state), maps)


def _held(orders: dict[int, S], still_open: Mapping[int, None]) -> dict[int, S]:
    held = orders.copy()
    for ordinal in still_open:
        held[ordinal] = msgspec.structs.replace(held[ordinal])
    return held


def _without(whole: S, names: Mapping[str, object]) -> S:
    """The same, with a mark in the place of some of its maps."""
    return msgspec.structs.replace(whole, **{name: msgspec.Raw(_MARK) for name in names})


def _in_order(
    prefix: str, whole: msgspec.Struct, kept: Mapping[str, Mapping[Any, Any]]
) -> list[tuple[str, Mapping[Any, Any]]]:
    return [(prefix + name, kept[name]) for name in whole.__struct_fields__ if name in kept]


def _cut(name: str, entries: Mapping[Any, Any]) -> Iterator[Piece]:
    """A map as a JSON object, in pieces."""
    left, start = iter(entries.items()), b"{"
    for number in count():
        part = dict(islice(left, PIECE))
        if not part:
            break
        yield Piece(start, part, None if name in _GROW_WITHIN else (name, number))
        start = b","
    yield Piece(b"}" if entries else b"{}")
