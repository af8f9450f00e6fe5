"""Keyed randomness: a draw depends on what it is for, never on how often code ran.

``draw(seed, purpose, ordinal, n)`` is the first 8 bytes (big endian) of BLAKE2b over the text
``"{seed}|{purpose}|{ordinal}|{n}"``: uniform over ``[0, 2**64)``, the same on every machine and
version.  A distribution is a table of quantiles in integers, looked up by the draw.
"""

from __future__ import annotations

import hashlib


def draw(seed: int, purpose: str, ordinal: int, n: int = 0) -> int:
    """A uniform 64-bit integer for one purpose of one thing."""
    key = f"{seed}|{purpose}|{ordinal}|{n}".encode()
    return int.from_bytes(hashlib.blake2b(key, digest_size=8).digest(), "big")


def quantile(value: int, table: tuple[int, ...]) -> int:
    """The entry of an ascending table of equally likely quantiles that a draw falls on."""
    return table[value * len(table) >> 64]
