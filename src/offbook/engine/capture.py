"""An engine's state taken at one moment and written down later, piece by piece.

What a session keeps for each order it ever had grows for ever; all else is small.  So ``capture``
writes down at once what is small, and of the rest it takes hold: orders that have ended change no
more, and of those that have not it takes copies.  The engine may go on while the pieces are made.
Whoever has an earlier state of the same engine is spared the pieces whose orders are as they were.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
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


class Held(NamedTuple):
    """One of the maps of a state, of ``size`` entries: all of them, or where that is known those of
    the pieces that have ``changed``, by their numbers in order."""

    name: str
    entries: Mapping[Any, Any]
    size: int
    changed: Sequence[int] | None = None

    def pieces(self) -> Iterator[Piece]:
        """The map as a JSON object, in pieces."""
        left, start = iter(self.entries.items()), b"{"
        changed = None if self.changed is None else frozenset(self.changed)
        for number in range(-(-self.size // PIECE)):
            is_same = changed is not None and number not in changed
            part = {} if is_same else dict(islice(left, PIECE))
            place = None if self.name in _GROW_WITHIN else (self.name, number)
            yield Piece(start, part, place, is_same)
            start = b","
        yield Piece(b"}" if self.size else b"{}")


class Captured:
    """A state as it was; ``entries`` is how much it holds, ``mark`` the moment."""

    __slots__ = ("_maps", "_rest", "entries", "mark")

    def __init__(self, rest: bytes, maps: list[Held], mark: Mark | None = None) -> None:
        """``maps`` are those that are left out of ``rest``, each with a name of its own."""
        self._rest = rest.split(_MARK)
        self._maps = maps
        self.entries = sum(held.size for held in maps)
        self.mark = mark

    @property
    def relies(self) -> bool:
        """Whether it is not whole without an earlier state, which has the orders that did not
        change."""
        return any(held.changed is not None for held in self._maps)

    def pieces(self) -> Iterator[Piece]:
        """The parts in order; the joined bytes of all are what ``whole`` gives."""
        yield Piece(self._rest[0])
        for held, text in zip(self._maps, self._rest[1:], strict=True):
            yield from held.pieces()
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
    kept = [
        _orders(_ORDERS, ledger.orders, ledger.open_orders, changed),
        _copied("by_client_id", ledger.by_client_id),
        _copied("bodies", ledger.bodies),
        _copied("lists", ledger.lists),
    ]
    seen = [_orders("orders", view.orders, view.open_orders)]
    state = state_of(parts, row, memory)
    state = msgspec.structs.replace(state, ledger=_without(ledger, kept), view=_without(view, seen))
    of_view = [held._replace(name=f"view.{held.name}") for held in _in_order(view, seen)]
    return Captured(ENCODER.encode(state), [*_in_order(ledger, kept), *of_view], mark)


def _pieces_of(ordinals: set[int]) -> Sequence[int]:
    """The numbers of the pieces in which orders are: their ordinals count from 1 without a gap."""
    return sorted({(ordinal - 1) // PIECE for ordinal in ordinals})


def _copied(name: str, entries: Mapping[Any, Any]) -> Held:
    return Held(name, dict(entries), len(entries))


def _orders(
    name: str,
    orders: Mapping[int, S],
    still_open: Mapping[int, None],
    changed: Sequence[int] | None = None,
) -> Held:
    """The orders of the pieces that are to be written, and copies of those that may change."""
    ordinals: Iterable[int] = orders
    if changed is not None:
        ends = ((number * PIECE, min((number + 1) * PIECE, len(orders))) for number in changed)
        ordinals = chain.from_iterable(range(start + 1, end + 1) for start, end in ends)
    copied = msgspec.structs.replace
    entries = {at: copied(orders[at]) if at in still_open else orders[at] for at in ordinals}
    return Held(name, entries, len(orders), changed)


def _without(whole: S, maps: Iterable[Held]) -> S:
    """The same, with a mark in the place of some of its maps."""
    return msgspec.structs.replace(whole, **{held.name: msgspec.Raw(_MARK) for held in maps})


def _in_order(whole: msgspec.Struct, maps: Iterable[Held]) -> list[Held]:
    by_name = {held.name: held for held in maps}
    return [by_name[name] for name in whole.__struct_fields__ if name in by_name]
