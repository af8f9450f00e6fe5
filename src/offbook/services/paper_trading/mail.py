"""What a runner has been sent and its pump has not taken yet."""

from __future__ import annotations

import asyncio

from offbook.services.paper_trading.messages import Message


class Mail:
    """A message to the runner, and whoever waits for its reply.

    ``place`` is where a live market stood when the message was first looked at.
    """

    __slots__ = ("message", "place", "reply")

    def __init__(self, message: Message, reply: asyncio.Future[Message]) -> None:
        self.message = message
        self.reply = reply
        self.place: int | None = None

    def answer(self, message: Message) -> None:
        """Reply, if anyone still listens."""
        if not self.reply.done():
            self.reply.set_result(message)

    def refuse(self, error: BaseException) -> None:
        """Fail, if anyone still listens."""
        if not self.reply.done():
            self.reply.set_exception(error)
