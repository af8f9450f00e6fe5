"""What a sweep and its worker processes say to each other, as JSON over a pipe."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from offbook.domain.errors import (
    BadMarketData,
    GatewayUnavailable,
    InvalidConfig,
    OffbookError,
    StorageUnavailable,
    StoreOwned,
    SweepConflict,
)
from offbook.domain.records import decode_hook, encode_hook
from offbook.domain.sweeps import CellResult, CellTask


class RunCell(msgspec.Struct, frozen=True, tag=True):
    """Run this one."""

    task: CellTask


class Leave(msgspec.Struct, frozen=True, tag=True):
    """Suspend what is under way, and end."""


class CellDone(msgspec.Struct, frozen=True, tag=True):
    """What the cell came to."""

    result: CellResult


class Trouble(msgspec.Struct, frozen=True, tag=True):
    """An error that concerns the whole sweep; ``fields`` are plain."""

    code: str
    message: str
    fields: dict[str, Any]


class Stuck(msgspec.Struct, frozen=True, tag=True):
    """A callback of a session's strategy does not return; its stack, in words."""

    session_id: str
    stack: str


class Returned(msgspec.Struct, frozen=True, tag=True):
    """The callback that was stuck has returned after all."""

    session_id: str


ToWorker = RunCell | Leave
FromWorker = CellDone | Trouble | Stuck | Returned

_KINDS: Final[dict[str, type[OffbookError]]] = {
    kind.code: kind
    for kind in (
        BadMarketData,
        GatewayUnavailable,
        InvalidConfig,
        StorageUnavailable,
        StoreOwned,
        SweepConflict,
    )
}
_ENCODER: Final = msgspec.json.Encoder(enc_hook=encode_hook)
_TO_WORKER: Final = msgspec.json.Decoder(ToWorker, dec_hook=decode_hook)
_FROM_WORKER: Final = msgspec.json.Decoder(FromWorker, dec_hook=decode_hook)


def encode(message: ToWorker | FromWorker) -> bytes:
    """A message as it travels."""
    return _ENCODER.encode(message)


def decode_for_worker(raw: bytes) -> ToWorker:
    """Read what was said to a worker."""
    message: ToWorker = _TO_WORKER.decode(raw)
    return message


def decode_from_worker(raw: bytes) -> FromWorker:
    """Read what a worker said."""
    message: FromWorker = _FROM_WORKER.decode(raw)
    return message


def trouble_of(error: Exception) -> Trouble:
    """An error as it travels."""
    if isinstance(error, OffbookError):
        fields = {
            name: value if isinstance(value, str | int | bool | None) else str(value)
            for name, value in error.fields.items()
        }
        return Trouble(error.code, error.message, fields)
    return Trouble("", f"{type(error).__name__}: {error}", {})


def error_of(trouble: Trouble) -> Exception:
    """The same error again; one that was not meant to happen becomes a RuntimeError."""
    kind = _KINDS.get(trouble.code)
    if kind is None:
        return RuntimeError(f"a sweep's worker failed: {trouble.message}")
    return kind(trouble.message, **trouble.fields)
