"""What a recovery and its worker processes say to each other, as MessagePack over a pipe."""

from __future__ import annotations

from typing import Final

import msgspec

from offbook.domain import storing
from offbook.domain.records import decode_hook, encode_hook
from offbook.domain.session import PaperTradingSession
from offbook.ports.recovery import EndState


class Rebuild(msgspec.Struct, frozen=True, tag=True):
    """Rebuild this one, as it is stored: apart from its configuration, which it shares with others
    and is read once for all of them."""

    session_id: str
    stored: bytes
    config: bytes

    @classmethod
    def of(cls, session: PaperTradingSession) -> Rebuild:
        """What asks for a session."""
        config = storing.encode_config(session.config)
        return cls(session.id, storing.encode_without_config(session), config)

    def session(self) -> PaperTradingSession:
        """The session that is asked for. Raises JournalDamaged where it cannot be read here."""
        return storing.decode_with_config(self.stored, self.config)


class Leave(msgspec.Struct, frozen=True, tag=True):
    """End at once."""


class Rebuilt(msgspec.Struct, frozen=True, tag=True):
    """Where the session ends; without, ``why`` it could not be rebuilt here."""

    session_id: str
    end: EndState | None = None
    why: str = ""


class Stuck(msgspec.Struct, frozen=True, tag=True):
    """A callback of a session's strategy does not return; its stack, in words."""

    session_id: str
    seconds: float
    stack: str


class Alive(msgspec.Struct, frozen=True, tag=True):
    """The process runs, whatever it is at; said every ``BEAT_SECONDS``."""


ToWorker = Rebuild | Leave
FromWorker = Rebuilt | Stuck | Alive

BEAT_SECONDS: Final = 5.0

_ENCODER: Final = msgspec.msgpack.Encoder(enc_hook=encode_hook)
_TO_WORKER: Final = msgspec.msgpack.Decoder(ToWorker, dec_hook=decode_hook)
_FROM_WORKER: Final = msgspec.msgpack.Decoder(FromWorker, dec_hook=decode_hook)


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
