"""Made-up markets and made-up wishes: what a comparison is set up with, and the steps it takes.

One description serves both hypothesis, which shrinks it, and a seeded generator, which is fast:
everything is drawn through a ``Source``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TypeVar

from tests.properties.account_cases import (
    COARSE,
    SMALL_PRICE,
    pick_account,
    pick_auctions,
    pick_extended_hours,
    pick_fee,
    pick_fill_at,
    pick_risk,
    pick_slippage,
)
from tests.properties.contract_cases import with_contract
from tests.properties.event_cases import PERPETUAL, Clockwork, pick_actions, pick_funding
from tests.properties.row_cases import Move, pick_move
from tests.properties.sources import Source
from tests.properties.venue_cases import pick_freshness, sometimes_unlimited

from offbook.domain.config import (
    AccountConfig,
    ActionOrders,
    AtEnd,
    BasisPointsFee,
    CorporateAction,
    FeeRounding,
    FundingRate,
    Intrabar,
    LatencyConfig,
    LifecycleConfig,
    LimitFill,
    LimitGap,
    PauseOrders,
    ReplacePriority,
    RiskConfig,
    SelfMatchPolicy,
    SettlementPrice,
    StopGap,
    VenueConfig,
    WhileHalted,
)
from offbook.domain.instruments import Instrument
from offbook.domain.market_data import DataKind
from offbook.domain.orders import ContingencyType, OrderSide, OrderType, TimeInForce
from offbook.testing.markets import BTCUSDT, SECOND, START, XYZ

T = TypeVar("T")
MIDNIGHT = START - START % (86_400 * SECOND) + 86_400 * SECOND


BASE = {"XYZ": "100", "BTCUSDT": "100", "ETHEUR": "100", "DOGEJPY": "0.1", "XBTUSDT": "100"}
"""Where each instrument's price starts; a lot is then worth this times the lot size."""


@dataclass(frozen=True)
class Setup:
    """What a session is set up with. ``listener`` names the callback of its silent strategy."""

    instrument: Instrument
    venue: VenueConfig
    risk: RiskConfig
    lifecycle: LifecycleConfig
    account: AccountConfig
    kinds: tuple[DataKind, ...]
    timeframe: int
    start: int
    hours: tuple[tuple[int, int], ...]
    clock_stops: bool
    listener: str | None
    status: bool = False
    """Whether an exchange says of halts and bands."""
    marked: bool = False
    """Whether prints of auctions are marked."""
    settlements: tuple[SettlementPrice, ...] = ()
    actions: tuple[CorporateAction, ...] = ()
    funding: tuple[FundingRate, ...] = ()

    @property
    def sources(self) -> tuple[DataKind, ...]:
        """What the market's sources are, in their order."""
        return (*self.kinds, DataKind.STATUS) if self.status else self.kinds

    @property
    def has_auctions(self) -> bool:
        """Whether the market shows any."""
        return bool(self.hours) and (self.bars or self.marked)

    @property
    def bars(self) -> bool:
        """Whether the rows are bars."""
        return self.kinds == (DataKind.BARS,)

    def __repr__(self) -> str:
        parts = (f"{name}={value!r}" for name, value in vars(self).items() if name != "hours")
        return f"Setup({', '.join(parts)}, hours={self.hours[:2]!r}...)"


def pick_setup(source: Source) -> Setup:
    """A session's setup."""
    quotes, trades = DataKind.QUOTES, DataKind.TRADES
    kinds = source.pick(
        [(quotes,), (quotes,), (DataKind.BARS,), (DataKind.BARS,), (trades,), (quotes, trades)]
    )
    bars = kinds == (DataKind.BARS,)
    timeframe = source.pick([60 * SECOND, 20 * SECOND, 86_400 * SECOND]) if bars else SECOND
    start = source.pick([MIDNIGHT - 5 * timeframe, START])
    if timeframe > 60 * SECOND:
        start = MIDNIGHT
    hours: tuple[tuple[int, int], ...] = ()
    marked = trades in kinds and source.pick([False, True])
    if source.pick([False, False, True]) or marked:
        length, pause = source.number(1, 12) * timeframe, source.number(1, 6) * timeframe
        first = start + source.number(-3, 3) * timeframe
        opens = range(first, first + 600 * (length + pause), length + pause)
        hours = tuple((at, at + length) for at in opens)
    instrument = source.pick([XYZ, BTCUSDT, COARSE, SMALL_PRICE, PERPETUAL])
    lot = Decimal(BASE[instrument.symbol]) * Decimal(instrument.lot_size)
    plenty = source.pick([False, True])  # nothing but the market says no
    status = source.pick([False, False, True])
    tight = source.pick([False] * 5 + [True])  # where cash ends before market orders do
    clock = Clockwork(start, timeframe)
    perpetual = instrument is PERPETUAL
    made = Setup(
        actions=() if perpetual else pick_actions(source, instrument, clock),
        funding=pick_funding(source, clock) if perpetual else (),
        instrument=instrument,
        venue=_pick_venue(source, kinds, timeframe, hours=bool(hours), status=status, tight=tight),
        risk=RiskConfig() if plenty else pick_risk(source, instrument, lot),
        lifecycle=LifecycleConfig(
            pause_orders=source.pick(list(PauseOrders)), at_end=source.pick(list(AtEnd))
        ),
        account=pick_account(
            source,
            instrument,
            source.pick([100_000] if plenty else [100, 1000, 1000, 14]) * lot,
            lot,
            clock,
        ),
        kinds=kinds,
        timeframe=timeframe,
        start=start,
        hours=hours,
        clock_stops=source.pick([True, False]),
        listener=source.pick([None, "on_start", "on_" + "_".join(kind.value for kind in kinds)]),
        status=status,
        marked=marked,
    )
    return with_contract(source, made, BASE[instrument.symbol])


def _pick_venue(
    source: Source,
    kinds: tuple[DataKind, ...],
    timeframe: int,
    *,
    hours: bool,
    status: bool,
    tight: bool,
) -> VenueConfig:
    bars, quotes = kinds == (DataKind.BARS,), DataKind.QUOTES
    made = VenueConfig(
        fee=BasisPointsFee(maker="0", taker="0") if tight else pick_fee(source),
        fee_rounding=source.pick([FeeRounding.UP, FeeRounding.UP, *FeeRounding]),
        slippage=pick_slippage(source),
        latency=_pick_latency(source, timeframe),
        volume_share=source.pick(["1", "0.1", "0.33333333"]),
        self_match=source.pick([SelfMatchPolicy.ALLOW, *SelfMatchPolicy]),
        freshness=pick_freshness(source, timeframe) if quotes in kinds else None,
        limit_fill=source.pick(list(LimitFill)),
        replace_priority=source.pick([ReplacePriority.SMALLER, *ReplacePriority]),
        limit_gap=source.pick(list(LimitGap)) if bars else LimitGap.LIMIT,
        market_collar="0" if tight else source.pick(["0.05", "0", "0.00123457"]),
        fill_at=pick_fill_at(source, kinds),
        stop_gap=source.pick(list(StopGap)) if bars else StopGap.OPEN,
        action_orders=source.pick(list(ActionOrders)),
        auctions=pick_auctions(source, timeframe),
        while_halted=source.pick(list(WhileHalted)) if status else WhileHalted.QUEUE,
        extended_hours=pick_extended_hours(source, timeframe) if hours else None,
        intrabar=source.pick(list(Intrabar)) if bars else Intrabar.WORST_FIRST,
    )
    return sometimes_unlimited(made)


def _pick_latency(source: Source, timeframe: int) -> LatencyConfig:
    delays = [0, 1, timeframe // 2, timeframe, 5 * timeframe // 2]
    most = 60 * SECOND
    return LatencyConfig(
        entry_ns=min(source.pick(delays), most), response_ns=min(source.pick(delays), most)
    )


# -- steps ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Rows:
    """Several rows, fed in one slice."""

    moves: tuple[Move, ...]


@dataclass(frozen=True)
class Send:
    """A new order; ``qty`` in lots, 0 for all that cash or holdings allow, ``least`` what may trade
    at once; ``price`` in ticks from the last bid, None for a market order; ``wait`` (``stop``,
    ``touch``, ``trail``, ``percent``) at ``stop`` ticks from the bid, or so far behind; GTD in
    ``expire`` tenths of a timeframe.  ``peg`` is what it follows, at ``offset`` half ticks and no
    further than ``price``; of ``display`` lots an iceberg shows."""

    side: OrderSide
    qty: int
    odd: int
    price: int | None
    wait: str
    stop: int
    tif: TimeInForce
    expire: int
    post_only: bool
    reduce_only: bool
    name: str
    flaw: str
    when: int
    hidden: bool = False
    least: int = 0
    extended: bool = False
    display: int = 0
    peg: str = ""
    offset: int = 0


@dataclass(frozen=True)
class SendList:
    """Orders that depend on one another; those of a bracket take side and quantity from the
    first."""

    kind: ContingencyType
    sends: tuple[Send, ...]
    when: int


@dataclass(frozen=True)
class Ask:
    """A cancel or a replace of an order, counted back from the latest of those that work, or with
    ``ended`` of all."""

    which: int
    ended: bool
    replace: bool
    qty: int | None
    price: int | None
    stop: int | None
    when: int


@dataclass(frozen=True)
class Change:
    """A lifecycle command; one that the status does not allow is left out."""

    to: str
    policy: PauseOrders
    deadline: int
    when: int


@dataclass(frozen=True)
class Wait:
    """Time passes without a row, in tenths of a timeframe."""

    tenths: int


@dataclass(frozen=True)
class End:
    """The recording is over."""


Step = Rows | Send | SendList | Ask | Change | Wait | End


def pick_step(source: Source) -> Step:
    """One step."""
    kind = source.pick("RRRRRRRRSSSSSSLLLAAAAWWCC")
    if kind == "R":
        return Rows(tuple(pick_move(source) for _ in range(source.pick([1, 1, 1, 2, 3, 6]))))
    if kind == "S":
        return _pick_send(source)
    if kind == "L":
        return _pick_list(source)
    if kind == "A":
        replace = source.pick([True, True, False])
        return Ask(
            which=source.pick([0, 0, 0, 1, 1, 2, 3, 5]),
            ended=source.pick([False] * 7 + [True]),
            replace=replace,
            qty=source.pick([None, None, 1, 2, source.number(1, 14)]) if replace else None,
            price=source.pick([None, source.number(-4, 5)]) if replace else None,
            stop=source.pick([None, None, source.number(-4, 5)]) if replace else None,
            when=_pick_when(source),
        )
    if kind == "W":
        return Wait(source.pick([1, 4, 10, 30]))
    to = source.pick(["pause"] * 5 + ["resume"] * 40 + ["stop", "flatten", "flatten", "force"])
    deadline = source.pick([86_400, 3, 0])
    return Change(to, source.pick(list(PauseOrders)), deadline, _pick_when(source))


def _pick_when(source: Source) -> int:
    """At the present time, or so many tenths later (-1: a nanosecond)."""
    return source.pick([0, 0, 0, -1, 3, 5, 10])


def _pick_send(source: Source) -> Send:
    flaw = source.pick([""] * 54 + ["zero", "decimals", "word", "type", "symbol", "huge"])
    wait = source.pick(["", "", "", "stop", "stop", "touch", "trail", "percent"])
    price = source.pick([None, source.number(-6, 7), source.number(-2, 3)])
    if wait in {"trail", "percent"}:
        price = None
    tifs = [*TimeInForce, TimeInForce.GTC, TimeInForce.GTC, TimeInForce.IOC]
    tif = source.pick(tifs)
    wait = "" if tif.is_auction else wait
    rests = not (wait or tif.is_immediate or tif.is_auction)
    peg = source.pick([""] * 5 + ["PRIMARY", "MARKET", "MIDPOINT"]) if rests else ""
    may_rest = rests and price is not None and not peg
    shown = source.pick(["whole", "whole", "hidden", "part"]) if may_rest else "whole"
    chosen = shown == "hidden" or (tif is TimeInForce.IOC and not wait)
    return Send(
        hidden=shown == "hidden",
        display=source.pick([1, 2, 3]) if shown == "part" else 0,
        peg=peg,
        offset=source.pick([0, 0, 1, -1, 2, -2, 4]),
        extended=may_rest and source.pick([False, False, True]),
        least=source.pick([0, 1, 2, 4]) if chosen else 0,
        side=source.pick(
            [OrderSide.BUY, OrderSide.BUY, OrderSide.BUY, OrderSide.SELL, OrderSide.SELL]
        ),
        qty=source.pick([1, 2, 3, 5, 8, 4, 9, 13, 0, 0, 0, source.number(1, 4000)]),
        odd=source.pick([0, 0, 0, 0, 0, 1]),
        price=price,
        wait=wait,
        stop=source.pick([1, 2, 0, -1, -2, 3, -3, 5, -5]),
        tif=tif,
        expire=source.pick([10, 25, 3, 100, -1]),
        post_only=may_rest and source.pick([False, False, True]),
        reduce_only=source.pick([False, False, False, True]),
        name=source.pick(["new"] * 8 + ["none", "old"]),
        flaw="" if peg and flaw == "type" else flaw,
        when=_pick_when(source),
    )


def _pick_list(source: Source) -> SendList:
    kind = source.pick([ContingencyType.BRACKET, ContingencyType.OCO, ContingencyType.OTO])
    sends = [_pick_send(source) for _ in range(source.pick([2, 3, 3]))]
    plain = {"flaw": "", "hidden": False, "display": 0, "least": 0, "peg": ""}
    if source.pick([True, True, True, False]):
        plain["odd"] = 0  # else whole lists are refused because of one order
    sends = [replace(send, qty=send.qty % 20, **plain) for send in sends]
    first = sends[0]
    if kind is ContingencyType.OCO and source.pick([True, False]):
        sends = [replace(send, side=first.side, qty=first.qty) for send in sends]
    if kind is not ContingencyType.OCO and source.pick([True, True, False]):
        sends[0] = first = replace(first, side=OrderSide.BUY, price=None, wait="", post_only=False)
    if kind is ContingencyType.BRACKET:
        exits = {"side": first.side.opposite, "qty": first.qty, "odd": first.odd}
        sends = [first, *(replace(send, **exits, reduce_only=True) for send in sends[1:])]
        if source.pick([False, True]):  # that the bar which fills its entry may reach
            stop = source.pick([-1, -2, -3, 1]) * first.side.sign
            tif = TimeInForce.GTC if sends[1].tif.is_auction else sends[1].tif
            sends[1] = replace(
                sends[1], wait="stop", stop=stop, price=None, post_only=False, tif=tif
            )
    extended = [send.extended and send.price is not None and not send.wait for send in sends]
    sends = [replace(send, extended=may) for send, may in zip(sends, extended, strict=True)]
    return SendList(kind, tuple(sends), _pick_when(source))


def kind_of(send: Send) -> OrderType:
    """The type that goes with prices, unless the flaw is that it does not."""
    limit = (send.price is not None) is (send.flaw != "type")
    kind = OrderType.LIMIT if limit else OrderType.MARKET
    if send.peg:
        return OrderType.PEGGED
    if not send.wait or send.flaw == "type":
        return kind
    if send.wait == "stop":
        return OrderType.STOP_LIMIT if limit else OrderType.STOP
    if send.wait == "touch":
        return OrderType.LIMIT_IF_TOUCHED if limit else OrderType.MARKET_IF_TOUCHED
    return OrderType.TRAILING_STOP
