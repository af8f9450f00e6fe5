"""A runner as if it lived in another process: every message goes through bytes, both ways.

::

    manager = PaperTradingSessionManager(
        gateway, engine, repository, runner_factory=encoding_runner
    )

What the manager and a runner say to each other is encoded and decoded again, errors included, so
that nothing passes between them which could not pass between processes.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar, cast

import msgspec

from offbook.domain import errors
from offbook.domain.errors import OffbookError
from offbook.domain.records import decode_hook, encode_hook
from offbook.domain.session import PaperTradingSession
from offbook.ports.clock import IClock
from offbook.ports.gateway import IBrokerGateway
from offbook.services.paper_trading.limits import Limits
from offbook.services.paper_trading.messages import Message, RunnerHost
from offbook.services.paper_trading.rebuilding import EngineFactory
from offbook.services.paper_trading.runner import PaperTradingRunner
from offbook.services.paper_trading.watchdog import Watch

M = TypeVar("M", bound=Message)
V = TypeVar("V")
_ENCODER = msgspec.msgpack.Encoder(enc_hook=encode_hook)


class _WrittenError(msgspec.Struct, frozen=True):
    """An error as it crosses: its name, what it says, and its plain values."""

    name: str
    message: str
    fields: dict[str, Any]
    session: PaperTradingSession | None = None


def through_bytes(value: V) -> V:
    """The value, encoded and decoded. Raises msgspec.ValidationError or NotImplementedError for
    what cannot be."""
    kind = type(value)
    decoder = msgspec.msgpack.Decoder(kind, dec_hook=decode_hook)
    return decoder.decode(_ENCODER.encode(value))


def error_through_bytes(error: OffbookError) -> OffbookError:
    """The error, encoded and decoded."""
    session = getattr(error, "session", None)
    written = through_bytes(
        _WrittenError(
            name=type(error).__name__,
            message=error.message,
            fields=error.fields,
            session=session if isinstance(session, PaperTradingSession) else None,
        )
    )
    kind = getattr(errors, written.name)
    copy = cast(OffbookError, kind.__new__(kind))
    OffbookError.__init__(copy, written.message, **written.fields)
    if written.session is not None:
        copy.session = written.session  # type: ignore[attr-defined]  # InvalidTransition has it
    return copy


async def _carry(call: Callable[[Any], Awaitable[M]], message: Message) -> M:
    try:
        return through_bytes(await call(through_bytes(message)))
    except OffbookError as error:
        raise error_through_bytes(error) from error


class _Far:
    """Somebody who is elsewhere: each call goes there, and comes back, through bytes."""

    def __init__(self, near: object) -> None:
        self._near = near

    def __getattr__(self, name: str) -> Callable[[Message], Awaitable[Message]]:
        call = getattr(self._near, name)

        async def far(message: Message) -> Message:
            return await _carry(call, message)

        return far


class _FarRunner(_Far):
    """A runner seen from its manager."""

    def __init__(self, runner: PaperTradingRunner) -> None:
        super().__init__(runner)
        self.close = runner.close  # it is told nothing


def encoding_runner(
    session: PaperTradingSession,
    broker_gateway: IBrokerGateway,
    make_engine: EngineFactory,
    host: RunnerHost,
    *,
    clock: IClock,
    limits: Limits,
    watch: Watch,
) -> PaperTradingRunner:
    """A ``runner_factory``: the usual runner behind a wall of bytes."""
    runner = PaperTradingRunner(
        through_bytes(session),
        broker_gateway,
        make_engine,
        cast(RunnerHost, _Far(host)),
        clock=clock,
        limits=limits,
        watch=watch,
    )
    return cast(PaperTradingRunner, _FarRunner(runner))
