"""``MarketHub``: one connection and one recording per live market, for all of its sessions."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Final

import msgspec

from offbook.domain.config import MarketConfig, market_key
from offbook.domain.errors import GatewayUnavailable, InvalidConfig
from offbook.domain.joining import Joined
from offbook.domain.market_data import Cursor
from offbook.ports.clock import IClock, IIdSource
from offbook.ports.gateway import IBrokerGateway, MarketFeed
from offbook.ports.live import ILiveGateway
from offbook.ports.recordings import IMarketRecordings, MarketRecording, RecordingInfo
from offbook.services.market_hub.chunks import SHARED_KINDS
from offbook.services.market_hub.feeds import JoinedFeed, RecordedFeed
from offbook.services.market_hub.followed_books import books_of
from offbook.services.market_hub.shared_market import HubLimits, SharedMarket

_DEFAULT: Final = HubLimits()


class MarketHub:
    """An ``IBrokerGateway`` under which sessions of one live market share it.

    The first session of a market opens it and the last one closes it.  Every row and every clock
    row is taken once, put into the market's recording once, and read by each session at its own
    pace.  Markets that no live gateway is given for are opened by ``others``.  ::

        hub = MarketHub({LiveConfig: gateway}, recordings, others=RoutingGateway(...))
        manager = PaperTradingSessionManager(hub, ProcessingEngine, repository)
        ...
        await hub.close()

    Used on one event loop, the manager's.
    """

    def __init__(
        self,
        live: Mapping[type[MarketConfig], ILiveGateway],
        recordings: IMarketRecordings,
        *,
        clock: IClock,
        ids: IIdSource,
        others: IBrokerGateway | None = None,
        limits: HubLimits = _DEFAULT,
    ) -> None:
        self._live = dict(live)
        self._recordings = recordings
        self._clock = clock
        self._ids = ids
        self._others = others
        self._limits = limits
        self._markets: dict[str, SharedMarket] = {}
        self._present: dict[str, str] = {}
        self._opening: dict[str, asyncio.Lock] = {}
        self._feeds: dict[str, set[JoinedFeed]] = {}
        self._closing: set[asyncio.Task[None]] = set()

    # -- the gateway ------------------------------------------------------------------------

    async def open(self, market: MarketConfig) -> MarketFeed:
        """Join the running market at its present place; the first one to join opens it.

        Raises InvalidConfig for kinds of rows that cannot be shared, what connecting raises, and
        StorageUnavailable where it cannot be recorded.
        """
        gateway = self._live.get(type(market))
        if gateway is None:
            return await self._open_other(market)
        _require_shared_kinds(market)
        key = market_key(market)
        async with self._lock(key):
            shared = self._markets.get(self._present.get(key, ""))
            if shared is None:
                shared = await self._begin(gateway, market, key)
            return self._join(shared, shared.join())

    async def rejoin(self, market: MarketConfig, joined: Joined) -> MarketFeed:
        """The running market for a session that joined it before; its recording is continued.

        Raises GatewayUnavailable where the recording is gone, and what connecting raises.
        """
        gateway = self._live.get(type(market))
        if gateway is None:
            raise GatewayUnavailable(
                f"the session's market ({market.source}) was live, and nothing here connects to it",
                market=market.source,
            )
        key = market_key(market)
        async with self._lock(key):
            shared = self._markets.get(joined.recording)
            if shared is not None:
                shared.raise_trouble()  # who is in it still will leave it shortly
            else:
                await self._have_left()
                recording = await self._recordings.open(joined.recording, to_append=True)
                shared = await self._follow(gateway, market, recording, key)
            return self._join(shared, joined)

    async def recorded(self, market: MarketConfig, joined: Joined) -> MarketFeed:
        """What was recorded from where the session joined, and its end.

        Raises GatewayUnavailable where the recording is gone.
        """
        recording = await self._recordings.open(joined.recording, to_append=False)
        return RecordedFeed(recording, joined)

    async def close(self) -> None:
        """Leave all markets, everything that came made durable.

        Raises StorageUnavailable and what else the first to fail raised, when all are left.
        """
        for shared in list(self._markets.values()):
            self._let_go(shared)
        troubles: list[Exception] = []
        while self._closing:
            ended = await asyncio.gather(*self._closing, return_exceptions=True)
            troubles += [one for one in ended if isinstance(one, Exception)]
        if troubles:
            for other in troubles[1:]:
                troubles[0].add_note(f"and of another market: {other}")
            raise troubles[0]

    def shared(self, market: MarketConfig) -> SharedMarket | None:
        """The running market of a configuration, if any session is in it."""
        return self._markets.get(self._present.get(market_key(market), ""))

    # -- inside -----------------------------------------------------------------------------

    async def _open_other(self, market: MarketConfig) -> MarketFeed:
        if self._others is None:
            raise InvalidConfig(
                f"nothing here opens a market of kind {type(market).__name__}", field="market.type"
            )
        return await self._others.open(market)

    async def _have_left(self) -> None:
        """Wait until no recording is being written by a market that was left."""
        if self._closing:
            await asyncio.wait(set(self._closing))

    def _lock(self, key: str) -> asyncio.Lock:
        return self._opening.setdefault(key, asyncio.Lock())

    async def _begin(self, gateway: ILiveGateway, market: MarketConfig, key: str) -> SharedMarket:
        """Connect to a market that nobody is in: its recording goes on, or one is made.

        One is made too while sessions still hold what has ended or broken: its recording, which
        it may not have finished, has one writer.
        """
        recording = None
        known = await self._recordings.latest(key) if gateway.endless else None
        if known is not None and known not in self._markets:
            await self._have_left()
            recording = await self._recordings.open(known, to_append=True)
        return await self._follow(gateway, market, recording, key)

    async def _follow(
        self,
        gateway: ILiveGateway,
        market: MarketConfig,
        recording: MarketRecording | None,
        key: str,
    ) -> SharedMarket:
        after = Cursor() if recording is None else Cursor(row=recording.rows, ts=recording.floor)
        live = None
        try:
            books = None if recording is None else await books_of(recording)
            live = await gateway.connect(market, after)
            if recording is None:
                name = self._ids.session_id()
                info = msgspec.structs.replace(live.info, data_identity=f"recording:{name}")
                recording = await self._recordings.create(
                    RecordingInfo(id=name, market=key, info=info, calendars=live.calendars)
                )
        except BaseException:
            if live is not None:
                await live.close()
            if recording is not None:
                await recording.close()
            raise
        shared = SharedMarket(
            live,
            recording,
            clock=self._clock,
            limits=self._limits,
            on_end=self._ended,
            books=books,
        )
        self._markets[shared.id] = shared
        self._present[key] = shared.id
        shared.begin()
        return shared

    def _join(self, shared: SharedMarket, joined: Joined) -> JoinedFeed:
        feed = JoinedFeed(shared, joined, self._left)
        self._feeds.setdefault(shared.id, set()).add(feed)
        return feed

    def _left(self, feed: JoinedFeed) -> None:
        feeds = self._feeds.get(feed.market_id, set())
        feeds.discard(feed)
        shared = self._markets.get(feed.market_id)
        if not feeds and shared is not None:
            self._let_go(shared)

    def _ended(self, shared: SharedMarket) -> None:
        """A market that is over, or broken, is joined by nobody any more."""
        for key, name in list(self._present.items()):
            if name == shared.id:
                del self._present[key]

    def _let_go(self, shared: SharedMarket) -> None:
        self._ended(shared)
        del self._markets[shared.id]
        self._feeds.pop(shared.id, None)
        task = asyncio.create_task(shared.close(), name="leave a market")
        self._closing.add(task)
        task.add_done_callback(self._closed)

    def _closed(self, task: asyncio.Task[None]) -> None:
        self._closing.discard(task)
        if not task.cancelled():
            task.exception()


def _require_shared_kinds(market: MarketConfig) -> None:
    """What is known of rows has to be handed to whoever joins later."""
    for source in market.sources:
        if source.kind not in SHARED_KINDS:
            shared = ", ".join(kind.value for kind in SHARED_KINDS)
            raise InvalidConfig(
                f"a market that sessions share gives {shared}, "
                f"not {source.kind.value} (of {source.instrument.symbol}): replay it by itself",
                field="market.kind",
            )
