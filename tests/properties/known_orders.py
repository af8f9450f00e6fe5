"""Orders as the records alone tell of them."""

from __future__ import annotations

from dataclasses import dataclass

from offbook.domain.orders import OrderSide


@dataclass
class Known:
    """What the records have told of an order."""

    symbol: str
    side: OrderSide
    qty: int
    price: int | None
    due: int
    pool: str
    reduce_only: bool
    waits: bool
    post_only: bool
    all_or_none: bool
    shares: str | None
    held: bool
    is_peg: bool
    cap: int | None
    is_plain: bool
    extended: bool
    rank: int
    reserved: int = 0
    cum: int = 0
    accepted: bool = False
    over: bool = False
