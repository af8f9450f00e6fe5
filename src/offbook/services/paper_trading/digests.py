"""Telling one command's body from another's, and finding what its answer was."""

from __future__ import annotations

import hashlib

import msgspec

from offbook.domain.commands import Command
from offbook.domain.config import SessionConfig
from offbook.domain.journal import CommandAnswer, JournalBatch
from offbook.domain.orders import OrderView
from offbook.domain.records import decode_hook, encode_hook
from offbook.domain.session import PaperTradingSession
from offbook.services.paper_trading.messages import AnswerFor

_ENCODER = msgspec.json.Encoder(enc_hook=encode_hook, order="deterministic")
_SESSION = msgspec.json.Decoder(PaperTradingSession, dec_hook=decode_hook)
_ORDER = msgspec.json.Decoder(OrderView, dec_hook=decode_hook)


def command_digest(command: Command, at: int | None = None) -> str:
    """A digest of the whole command and of when it is to be taken."""
    return hashlib.sha256(_ENCODER.encode((command, at))).hexdigest()


def start_digest(config: SessionConfig, parent_id: str | None) -> str:
    """A digest of what a start asks for.

    The id is no part of it: the same start may be repeated with the id that it was given, and
    whoever carries it on knows the session alone.
    """
    return hashlib.sha256(_ENCODER.encode((config, parent_id))).hexdigest()


def encode_session_answer(session: PaperTradingSession) -> bytes:
    """The answer to a lifecycle command, for keeping."""
    return _ENCODER.encode(session)


def encode_order_answer(order: OrderView) -> bytes:
    """The answer to an order command, for keeping."""
    return _ENCODER.encode(order)


def decode_session_answer(raw: bytes) -> PaperTradingSession:
    """Read a kept answer to a lifecycle command."""
    return _SESSION.decode(raw)


def decode_order_answer(raw: bytes) -> OrderView:
    """Read a kept answer to an order command."""
    return _ORDER.decode(raw)


def with_answers(
    batch: JournalBatch, answering: tuple[AnswerFor, ...], session: PaperTradingSession
) -> JournalBatch:
    """A batch that also answers lifecycle commands, with the session as it saves it."""
    raw = encode_session_answer(session)
    answers = tuple(
        CommandAnswer(command_id=entry.command_id, body_digest=entry.digest, answer=raw)
        for entry in answering
    )
    return msgspec.structs.replace(batch, answers=batch.answers + answers)
