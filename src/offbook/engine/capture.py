"""An engine's state taken at one moment and written down later, piece by piece.

What a session keeps for each order it ever had grows for ever; all else is small.  So ``capture``
writes down at once what is small, and of the rest it takes hold: orders that have ended change no
more, and of those that have not it takes copies.  The engine may go on while the pieces are made.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any, Final, TypeVar

import msgspec

from offbook.engine.snapshots import ENCODER, Parts, state_of

PIECE: Final = 256
"""Entries written in one piece: some tenths of a millisecond."""

_MARK: Final = b"\0"
"""Stands where a map is left out. JSON holds no such byte, nor does what a strategy saves."""

S = TypeVar("S", bound=msgspec.Struct)


class Captured:
    """A state as it was; ``entries`` is how much there is to write."""

    __slots__ = ("_maps", "_rest", "entries")

    def __init__(self, rest: bytes, maps: list[Mapping[Any, Any]]) -> None:
        self._rest = rest.split(_MARK)
        self._maps = maps
        self.entries = sum(map(len, maps))

    def pieces(self) -> Iterator[bytes]:
        """The bytes in order, a bounded part at a time; joined they are what ``whole`` gives."""
        yield self._rest[0]
        for entries, text in zip(self._maps, self._rest[1:], strict=True):
            yield from _written(entries)
            yield text

    def whole(self) -> bytes:
        """All of it at once."""
        return b"".join(self.pieces())


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
    maps = [*_in_order(ledger, kept), *_in_order(view, seen)]
    return Captured(ENCODER.encode(state), maps)


def _held(orders: dict[int, S], still_open: Mapping[int, None]) -> dict[int, S]:
    held = orders.copy()
    for ordinal in still_open:
        held[ordinal] = msgspec.structs.replace(held[ordinal])
    return held


def _without(whole: S, names: Mapping[str, object]) -> S:
    """The same, with a mark in the place of some of its maps."""
    return msgspec.structs.replace(whole, **{name: msgspec.Raw(_MARK) for name in names})


def _in_order(whole: msgspec.Struct, kept: Mapping[str, Mapping[Any, Any]]) -> list[Any]:
    return [kept[name] for name in whole.__struct_fields__ if name in kept]


def _written(entries: Mapping[Any, Any]) -> Iterator[bytes]:
    """A map as a JSON object."""
    left = iter(entries.items())
    start = b"{"
    while part := dict(islice(left, PIECE)):
        yield start + ENCODER.encode(part)[1:-1]
        start = b","
    yield b"}" if entries else b"{}"
