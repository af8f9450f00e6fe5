"""An engine's state taken at one moment and written down later, piece by piece.

What a session keeps for each order it ever had grows for ever; all else is small.  So ``capture``
writes down at once what is small, and of the rest it takes hold: orders that have ended change no
more, and of those that have not it takes copies.  The engine may go on while the pieces are made.
Whoever has an earlier state of the same engine is spared the pieces whose orders are as they were.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import count, islice
from typing import Any, Final, NamedTuple, TypeVar

import msgspec

from offbook.engine.ledger.changed_orders import Mark
from offbook.engine.snapshots import ENCODER, Parts, state_of

PIECE: Final = 256
"""Entries written in one piece: some tenths of a millisecond."""

_MARK: Final = b"\0"
"""Stands where a map is left out. JSON holds no such byte, nor does what a strategy saves."""

_ORDERS: Final = "orders"
_GROW_WITHIN: Final = frozenset({"lists"})
"""Maps whose values are added to where they stand, and so are never equal to what they were."""

S = TypeVar("S", bound=msgspec.Struct)


class Piece(NamedTuple):
    """A bounded part of a state: ``start``, then the entries of one of its maps.

    Where there is a ``place`` (which map, and which piece of it), another state of the same engine
    has the same bytes in that place if it has equal entries there; one that ``is_same`` has those
    of the earlier state, and no text of its own.
    """

    start: bytes
    entries: dict[Any, Any] | None = None
    place: tuple[str, int] | None = None
    is_same: bool = False

    def text(self) -> bytes:
        """Its bytes."""
        assert not self.is_same, "the earlier state has them"
        if self.entries is None:
            return self.start
        return self.start + ENCODER.encode(self.entries)[1:-1]


class Captured:
    """A state as it was; ``entries`` is how much it holds, ``mark`` the moment."""

    __slots__ = ("_changed", "_maps", "_rest", "entries", "mark")

    def __init__(
        self,
        rest: bytes,
        maps: list[tuple[str, Mapping[Any, Any]]],
        mark: Mark | None = None,
        changed: frozenset[int] | None = None,
    ) -> None:
        """``maps`` are those that are left out of ``rest``, each with a name of its own.  Of the
        orders, only the pieces with these numbers are not as they were; None for all."""
        self._rest = rest.split(_MARK)
        self._maps = maps
        self._changed = changed
        self.entries = sum(len(entries) for _, entries in maps)
        self.mark = mark

    def pieces(self) -> Iterator[Piece]:
        """The parts in order; the joined bytes of all are what ``whole`` gives."""
        yield Piece(self._rest[0])
        for (name, entries), text in zip(self._maps, self._rest[1:], strict=True):
            yield from _cut(name, entries, self._changed if name == _ORDERS else None)
            yield Piece(text)

    def whole(self) -> bytes:
        """All of it at once, where nothing is left to an earlier state."""
        return b"".join(piece.text() for piece in self.pieces())


def capture(parts: Parts, row: int, memory: bytes | None, since: Mark | None = None) -> Captured:
    """Take hold of the state between two steps; ``memory`` is the strategy's, as JSON.  Orders that
    are as they were at ``since`` are left to the state of then."""
    ledger, view = parts.kernel.ledger, parts.kernel.view
    mark = changed = None
    if len(ledger.orders) > PIECE:
        mark, ordinals = parts.kernel.changed.begin(since)
        changed = None if ordinals is None else _pieces_of(ordinals)
    kept: dict[str, Mapping[Any, Any]] = {
        _ORDERS: _held(ledger.orders, ledger.open_orders, changed),
        "by_client_id": ledger.by_client_id.copy(),
        "bodies": ledger.bodies.copy(),
        "lists": ledger.lists.copy(),
    }
    seen = {"orders": _held(view.orders, view.open_orders)}
    state = state_of(parts, row, memory)
    state = msgspec.structs.replace(state, ledger=_without(ledger, kept), view=_without(view, seen))
    maps = [*_in_order("", ledger, kept), *_in_order("view.", view, seen)]
    return Captured(ENCODER.encode(state), maps, mark, changed)


def _pieces_of(ordinals: set[int]) -> frozenset[int]:
    """The numbers of the pieces in which orders are: their ordinals count from 1 without a gap."""
    return frozenset((ordinal - 1) // PIECE for ordinal in ordinals)


def _held(
    orders: dict[int, S], still_open: Mapping[int, None], changed: frozenset[int] | None = None
) -> dict[int, S]:
    """The orders, and copies of those that may change, in the pieces that are to be written."""
    held = orders.copy()
    for ordinal in still_open:
        if changed is None or (ordinal - 1) // PIECE in changed:
            held[ordinal] = msgspec.structs.replace(held[ordinal])
    return held


def _without(whole: S, names: Mapping[str, object]) -> S:
    """The same, with a mark in the place of some of its maps."""
    return msgspec.structs.replace(whole, **{name: msgspec.Raw(_MARK) for name in names})


def _in_order(
    prefix: str, whole: msgspec.Struct, kept: Mapping[str, Mapping[Any, Any]]
) -> list[tuple[str, Mapping[Any, Any]]]:
    return [(prefix + name, kept[name]) for name in whole.__struct_fields__ if name in kept]


def _cut(name: str, entries: Mapping[Any, Any], changed: frozenset[int] | None) -> Iterator[Piece]:
    """A map as a JSON object, in pieces; those that are not ``changed`` are as they were."""
    left, start = iter(entries.items()), b"{"
    for number in count():
        part = dict(islice(left, PIECE))
        if not part:
            break
        is_same = changed is not None and number not in changed
        yield Piece(start, part, None if name in _GROW_WITHIN else (name, number), is_same)
        start = b","
    yield Piece(b"}" if entries else b"{}")
