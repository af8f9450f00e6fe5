"""Identifiers: UUIDv7 for sessions (made by an adapter), hash-derived ids inside a session."""

from __future__ import annotations

import hashlib
import re
from typing import Final

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\Z", re.ASCII)

_VARIANT: Final = {f"{digit:x}": f"{digit & 0b11 | 0b1000:x}" for digit in range(16)}
"""The digit of a UUID whose first two bits are its variant, by the digit that was drawn."""

_UNFED: Final = hashlib.blake2b(digest_size=16)
"""A hash of nothing, to be copied: that is quicker than to make one for each id."""

VENUE_ORDER: Final = "venue-order"
EXECUTION: Final = "execution"


def plain_text(given: str) -> str:
    """The same text as Python's own kind, which alone can be recorded: numpy's is another."""
    return given if type(given) is str else str.__str__(given)


def derived_id(seed: int, purpose: str, ordinal: int) -> str:
    """The id of the ``ordinal``-th thing of one ``purpose`` in a session, as a UUID (version 8).

    The 128 bits are those of ``hashed_uuid("{seed}|{purpose}|{ordinal}")``: the same session gives
    the same ids on every run, and replays agree.
    """
    return hashed_uuid(f"{seed}|{purpose}|{ordinal}")


def hashed_uuid(text: str) -> str:
    """The UUID (version 8) that belongs to a text: its BLAKE2b in 128 bits, with the version and
    variant bits of RFC 9562 set."""
    fed = _UNFED.copy()
    fed.update(text.encode())
    found = fed.hexdigest()
    variant = _VARIANT[found[16]]
    return f"{found[:8]}-{found[8:12]}-8{found[13:16]}-{variant}{found[17:20]}-{found[20:]}"


def uuid7_from(unix_ms: int, random_bits: int) -> str:
    """A UUIDv7 (RFC 9562, section 5.7) from a millisecond time and 74 random bits."""
    return uuid7_head(unix_ms, random_bits) + uuid7_tail(random_bits)


def uuid7_head(unix_ms: int, random_bits: int) -> str:
    """Its first three groups: the time, and the higher 12 of the random bits."""
    time = f"{unix_ms & (2**48 - 1):012x}"
    return f"{time[:8]}-{time[8:]}-7{(random_bits >> 62) & 0xFFF:03x}"


def uuid7_tail(random_bits: int) -> str:
    """Its last two groups: the lower 62 of the random bits."""
    text = f"{0b10 << 62 | random_bits & (2**62 - 1):016x}"
    return f"-{text[:4]}-{text[4:]}"


def is_uuid(text: str) -> bool:
    """Whether the text is a lower-case UUID with dashes."""
    return _UUID.match(text) is not None
