"""Made-up wishes: the steps that a comparison takes."""

from __future__ import annotations

from dataclasses import dataclass, replace

from tests.properties.row_cases import Move, pick_move
from tests.properties.sources import Source

from offbook.domain.config import PauseOrders
from offbook.domain.orders import ContingencyType, OrderSide, OrderType, TimeInForce


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
    place: int = 0
    """Of which of several instruments."""


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
        place=source.number(0, 5),
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
    plain = {"flaw": "", "peg": ""}
    if source.pick([True, False]):
        plain |= {"hidden": False, "display": 0, "least": 0}
    if source.pick([True, True, True, False]):
        plain["odd"] = 0  # else whole lists are refused because of one order
    if kind is not ContingencyType.OTO or source.pick([True, False]):
        plain["place"] = sends[0].place  # those that cancel each other are of one instrument
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
    return SendList(kind, tuple(map(_fitting, sends)), _pick_when(source))


def _fitting(send: Send) -> Send:
    """Without what only a limit that rests may say, if it has become another order."""
    if send.price is None or send.wait or send.tif.is_auction:
        send = replace(send, hidden=False, display=0, least=0)
    return send


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
