"""The messages of a file of Nasdaq's TotalView-ITCH 5.0, those of one stock (Nasdaq,
*TotalView-ITCH 5.0 specification*; its files put two bytes of length before each message, and end
with a length of 0: *BinaryFILE*).

All numbers are big-endian; times are ns after midnight in New York, prices in 1/10000 dollars.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import IO, Any, Final, NoReturn

from offbook.domain.errors import BadMarketData, InvalidInput

PIECE: Final = 1 << 22
"""So many bytes are read at once."""
LOOKED_AT: Final = 50_000
"""So many messages are looked at for the stocks of a file: its directory comes first."""
SYSTEM: Final = ord("S")
LENGTHS: Final = {
    "S": 12, "R": 39, "H": 25, "A": 36, "F": 40, "E": 31, "C": 36, "X": 23, "D": 19, "U": 35,
    "P": 44, "Q": 40,
}  # fmt: skip
"""Of the messages that are read here."""
_NAMED_AT: Final = {ord(kind): 11 for kind in "RH"} | {ord(kind): 24 for kind in "AFP"}
"""Where the name of the stock begins."""
_NAME: Final = 8


def number(message: bytes, begin: int, size: int) -> int:
    """A whole number of so many bytes."""
    return int.from_bytes(message[begin : begin + size])


def time_of(message: bytes) -> int:
    """Its time, in ns after midnight."""
    return int.from_bytes(message[5:11])


def stock_messages(file: IO[bytes] | Any, symbol: str, path: str) -> Iterator[bytes]:
    """The messages of one stock, in capitals or not, and those of the whole system, in their order.

    Raises BadMarketData where the file is none of these, or breaks off.
    """
    wanted, locate = symbol.upper().encode("ascii", "replace").ljust(_NAME), None
    for message in _framed(file, path, None):
        if _name(message) == wanted:
            locate = message[1:3]
            break
    file.seek(0)
    if locate is not None:
        yield from _framed(file, path, locate)


def only_stock(file: IO[bytes] | Any, path: str) -> str:
    """The stock that a file is of.  Raises InvalidInput where it has several, or none."""
    told = (_name(message) for message in islice(_framed(file, path, None), LOOKED_AT))
    names = sorted({name.decode("ascii", "replace").strip() for name in told if name})
    file.seek(0)
    if len(names) == 1:
        return names[0]
    if not names:
        raise InvalidInput(f"{path} tells of no stock in its first {LOOKED_AT:,} messages")
    raise InvalidInput(
        f"{path} has {len(names):,} stocks ({', '.join(names[:5])}, ...): name one before the "
        f"file, {names[0]}={path}"
    )


def _name(message: bytes) -> bytes | None:
    begin = _NAMED_AT.get(message[0])
    return None if begin is None else message[begin : begin + _NAME]


def _framed(file: IO[bytes] | Any, path: str, locate: bytes | None) -> Iterator[bytes]:
    """The messages of a file, of which those of one stock can be had alone: most are of others."""
    rest, passed = b"", 0
    while piece := file.read(PIECE):
        rest, at = rest + piece, 0
        end = len(rest) - 2
        while at <= end:
            after = at + 2 + (rest[at] << 8 | rest[at + 1])
            if after > end + 2:
                break
            if after > at + 2 and (
                locate is None or rest[at + 3 : at + 5] == locate or rest[at + 2] == SYSTEM
            ):
                message = rest[at + 2 : after]
                if len(message) != LENGTHS.get(chr(message[0]), len(message)):
                    _refuse(path, passed + at, f"a message of {len(message)} bytes")
                if len(message) > 10:
                    yield message
            at = after
        rest, passed = rest[at:], passed + at
    if rest:
        _refuse(path, passed, "a message that breaks off")


def _refuse(path: str, at: int, what: str) -> NoReturn:
    raise BadMarketData(
        f"{path}: at byte {at:,} is {what}; expected messages of ITCH 5.0 with two bytes of length "
        "before each. Fetch it again, or cut it at the end of a message",
        file=path,
        reason="unreadable",
    )
