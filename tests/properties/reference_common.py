"""What the venues of one session have in common in the reference: its time, status and queue."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from tests.properties.row_cases import BarRow, MadeRow

from offbook.domain.session import SessionStatus as Status

if TYPE_CHECKING:
    from tests.properties.reference_account import Account
    from tests.properties.reference_orders import Group
    from tests.properties.reference_session import ReferenceSession


@dataclass
class Due:
    """Something that happens at a time; among equals the earlier noted is the earlier done."""

    at: int
    stage: int
    number: int
    do: Callable[[], None]
    report: bool = False
    """Whether it is a report that reaches the strategy."""


@dataclass
class Common:
    """One session: each of its ``venues`` trades one instrument."""

    venues: list[ReferenceSession] = field(default_factory=list)
    accounts: list[Account] = field(default_factory=list)
    status: Status = Status.STARTING
    now: int = 0
    rows: int = 0
    last: MadeRow | None = None
    ended: list[BarRow] = field(default_factory=list)
    """Bars that were matched, and after which their instant is not complete."""
    seen: list[int | str] = field(default_factory=list)
    """The times of the rows that the strategy is shown, and the names of orders of whose trades it
    hears, one after another."""
    dues: list[Due] = field(default_factory=list)
    events: list[tuple[object, ...]] = field(default_factory=list)
    only_commands: bool = True
    numbers: int = 0
    told: int = 1
    """Records there are; what the market is comes first."""
    proceeds: dict[str, Fraction] = field(default_factory=dict)
    """What sales brought that has not settled, by currency."""
    settles: dict[str, int] = field(default_factory=dict)
    """When the last of it does."""
    waiting: dict[str, Fraction] = field(default_factory=dict)
    """What of the cash may not be used before it has."""
    ways: dict[tuple[str, str | None], int] = field(default_factory=dict)
    """When the last message on a way arrives, of each venue that has its own by that one's name."""
    sent_at: list[int] = field(default_factory=list)
    """When orders and new terms left."""
    settling: list[Group] = field(default_factory=list)
    lost_enough: bool = False
    called: bool = False
    """Whether a margin call of the whole account goes on."""
    liquidating: list[ReferenceSession] = field(default_factory=list)
    """Venues at which an isolated position is liquidated, in the order in which that began."""
    fills_while_paused: int = 0
    expired_while_paused: int = 0


def common(name: str) -> Any:
    """An attribute that all venues of a session have in common."""

    def read(venue: Any) -> Any:
        return getattr(venue.common, name)

    def write(venue: Any, value: Any) -> None:
        setattr(venue.common, name, value)

    return property(read, write)
