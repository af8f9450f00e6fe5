"""The hash chain over a session's records.

``head(0)`` is 32 zero bytes and ``head(n) = SHA-256(head(n-1) + bytes(n))``, with ``bytes(n)`` the
canonical encoding of record n.  The first record holds format, engine semantics, configuration,
seed, data identity and strategy source, so equal heads mean equal sessions.  A chain detects
edits and truncation only against a head kept elsewhere.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Final

GENESIS: Final = bytes(32)


def extend(head: bytes, raw: bytes) -> bytes:
    """The chain's head after one more record."""
    return hashlib.sha256(head + raw).digest()


def extend_all(head: bytes, raws: Iterable[bytes]) -> bytes:
    """The chain's head after several more records, in order."""
    sha256 = hashlib.sha256
    for raw in raws:
        head = sha256(head + raw).digest()
    return head
