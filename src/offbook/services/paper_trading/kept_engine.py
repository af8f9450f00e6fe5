"""One session's engine, folded up while nothing happens to it."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Final

from offbook.domain.session import PaperTradingSession, SessionStatus
from offbook.services.paper_trading.opening import attach_to
from offbook.services.paper_trading.rebuilding import EngineFactory, make_one

if TYPE_CHECKING:
    from offbook.engine.processing_engine import ProcessingEngine
    from offbook.ports.gateway import MarketFeed

MOST_FOLDED: Final = 2_048
"""Entries of a state beyond which an engine stays as it is: folding it up, and the command that
needs it again, would hold up the whole event loop."""

_LEVEL: Final = 6
_LARGE: Final = 32_768
_LEVEL_OF_LARGE: Final = 3
"""A large state is not told by the sample, but by what repeats in it: packing it harder takes three
times as long and saves a tenth."""

_SAMPLES: Final = 256
_GOOD: Final = 16
"""A sample is good if it leaves no more than this part of a state."""
_TRIES: Final = 8
_SAMPLE_BYTES: Final = 32_768
_SLEEPS = (SessionStatus.RUNNING, SessionStatus.PAUSED)


class Folder:
    """Compresses states of engines, which are much alike: each is told by how it differs from one
    before it of its session's configuration.

    The first may have had no orders yet: while a sample leaves much of a state, that state is the
    sample of those to come, a few times.
    """

    def __init__(self) -> None:
        self._samples: dict[int, tuple[object, bytes, int]] = {}

    def fold(self, state: bytes, kind: object) -> tuple[bytes, bytes]:
        """The state compressed, and the sample that it takes to read it; ``kind`` is an object that
        alike sessions share."""
        known = self._samples.get(id(kind))
        if known is None:
            if len(self._samples) >= _SAMPLES:
                self._samples.clear()
            # The object is kept too, so that no other gets its id.
            known = self._samples[id(kind)] = (kind, state[:_SAMPLE_BYTES], _TRIES)
        _, sample, tries = known
        level = _LEVEL if len(state) <= _LARGE else _LEVEL_OF_LARGE
        packer = zlib.compressobj(level, zlib.DEFLATED, -15, 9, zlib.Z_DEFAULT_STRATEGY, sample)
        folded = packer.compress(state) + packer.flush()
        if tries and len(folded) * _GOOD > len(state):
            self._samples[id(kind)] = (kind, state[:_SAMPLE_BYTES], tries - 1)
        return folded, sample


def unfold(folded: bytes, sample: bytes) -> bytes:
    """The state that was folded."""
    return zlib.decompressobj(-15, sample).decompress(folded)


_FOLDER: Final = Folder()


class KeptEngine:
    """Gives the engine whenever it is asked for; folded it is its own snapshot, compressed.

    What a snapshot gives back goes on exactly as the engine would have: that is what recovery
    rests on.  An engine with a strategy stays as it is, for a strategy's memory is its own.
    ``make`` makes a fresh engine for ``session``, as it was last committed; without the ``feed``
    that it is joined to nothing is ever folded.
    """

    __slots__ = ("_engine", "_feed", "_folded", "_make", "_sample", "session")

    def __init__(
        self,
        engine: ProcessingEngine,
        session: PaperTradingSession,
        make: EngineFactory | None = None,
        feed: MarketFeed | None = None,
    ) -> None:
        self._engine: ProcessingEngine | None = engine
        self._folded = self._sample = b""
        self.session = session
        self._make = make
        self._feed = feed

    @property
    def engine(self) -> ProcessingEngine:
        """The engine, unfolded if need be."""
        return self._engine or self._unfold()

    @property
    def may_fold(self) -> bool:
        """Whether the engine can be folded up between two steps."""
        engine = self._engine
        if engine is None or self._make is None or self._feed is None:
            return False
        return (
            self.session.config.strategy is None
            and engine.status in _SLEEPS
            and not (engine.is_within_instant or engine.cut_short)
        )

    @property
    def is_folded(self) -> bool:
        """Whether only the snapshot is there."""
        return self._engine is None

    def fold(self) -> None:
        """Keep the snapshot alone, if ``may_fold`` and it is not too large."""
        if not self.may_fold or self._engine is None:
            return
        captured = self._engine.capture()
        if captured is None:
            return
        if captured.entries > MOST_FOLDED:
            # Nor will it ever be less. To look again would cost the next snapshot what it knows.
            self._feed = None
            return
        state = captured.whole()
        self._folded, self._sample = _FOLDER.fold(state, self.session.config.market)
        self._engine = None

    def _unfold(self) -> ProcessingEngine:
        assert self._make is not None
        assert self._feed is not None
        engine = make_one(self._make, self.session)
        engine.restore(attach_to(self._feed), unfold(self._folded, self._sample))
        self._engine, self._folded, self._sample = engine, b"", b""
        return engine
