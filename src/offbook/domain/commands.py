"""What the outside may ask of a session's engine; each is recorded with where it was taken.

A command carries the caller's ``command_id``: the same id again gives the same answer.
``ts`` is the session time (ns UTC) at which it is taken.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any, Final, TypeVar, cast

import msgspec

from offbook.domain.book_states import KnownBook, KnownStatus
from offbook.domain.calendars import NEVER
from offbook.domain.config import PauseOrders, ResumeTimers
from offbook.domain.errors import FloatNotExact, InvalidInput, InvalidOrder
from offbook.domain.fitting import Fault, Place, faults, setting_of
from offbook.domain.joining import LastRow
from offbook.domain.orders import OrderListRequest, OrderRequest, ReplaceRequest


class _Command(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", gc=False):
    """Base of all commands."""

    command_id: str


class Start(_Command, frozen=True, kw_only=True, tag="start"):
    """Begin: the strategy's ``on_start`` runs."""


class Pause(_Command, frozen=True, kw_only=True, tag="pause"):
    """Stop delivering market data and timers to the strategy; ``orders`` says what stays."""

    orders: PauseOrders


class Resume(_Command, frozen=True, kw_only=True, tag="resume"):
    """Deliver market data and timers again; ``timers`` says what becomes of missed ones."""

    timers: ResumeTimers


class Stop(_Command, frozen=True, kw_only=True, tag="stop"):
    """End the session; with ``flatten`` close its positions first.

    ``deadline_ns`` is how much session time the flattening may take.
    """

    flatten: bool = False
    deadline_ns: int = 86_400_000_000_000
    reason: str = "requested"


class ForceStop(_Command, frozen=True, kw_only=True, tag="force_stop"):
    """End a session that is flattening, as it stands."""


class SkipRows(_Command, frozen=True, kw_only=True, tag="skip_rows"):
    """Leave out the rows of a live market from ``first_row`` to before ``to_row``, for the session
    has fallen too far behind; ``last`` is the last row of each source before ``to_row``,
    ``books`` and ``statuses`` what is known there of a market that has them.

    Nothing is matched against what is left out, and no callback sees it.
    """

    first_row: int
    to_row: int
    last: tuple[LastRow, ...]
    books: tuple[KnownBook, ...] | msgspec.UnsetType = msgspec.UNSET
    statuses: tuple[KnownStatus, ...] | msgspec.UnsetType = msgspec.UNSET


class SubmitOrder(_Command, frozen=True, kw_only=True, tag="submit_order"):
    """Send a new order."""

    order: OrderRequest


class SubmitOrderList(_Command, frozen=True, kw_only=True, tag="submit_order_list"):
    """Send orders that depend on one another."""

    orders: OrderListRequest


class CancelOrder(_Command, frozen=True, kw_only=True, tag="cancel_order"):
    """Cancel a working order, named by its client order id."""

    client_order_id: str


class ReplaceOrder(_Command, frozen=True, kw_only=True, tag="replace_order"):
    """Change the terms of a working order, named by its client order id."""

    client_order_id: str
    terms: ReplaceRequest


OrderCommand = SubmitOrder | SubmitOrderList | CancelOrder | ReplaceOrder
Command = (
    Start
    | Pause
    | Resume
    | Stop
    | ForceStop
    | SkipRows
    | SubmitOrder
    | SubmitOrderList
    | CancelOrder
    | ReplaceOrder
)

C = TypeVar("C", bound=Command)

_NUMBERS: Final = (
    "order_qty", "price", "stop_px", "trail_amount", "trail_percent", "display_qty", "min_qty",
    "peg_offset",
)  # fmt: skip
# Made once: msgspec looks through the whole union whenever it is handed the type alone.
_ENCODER: Final = msgspec.json.Encoder()
_DECODER: Final[msgspec.json.Decoder[Command]] = msgspec.json.Decoder(Command)


def well_formed(command: C) -> C:
    """The command as its record will give it back, with the text of an enum made the enum.

    Python checks no types: whatever a command was made of is looked at here, before anybody acts
    on it.  Raises InvalidOrder for an order command, FloatNotExact for a float price or quantity,
    and InvalidInput for any other.
    """
    try:
        made: Any = _DECODER.decode(_ENCODER.encode(command))
    except (msgspec.MsgspecError, ValueError, TypeError, OverflowError, RecursionError) as error:
        _check_given(command)
        kind = InvalidOrder if isinstance(command, OrderCommand) else InvalidInput
        fault = _first_fault(command)
        if fault is not None:
            raise kind(fault.told("order"), field=setting_of(fault.place)) from None
        raise kind(f"the command cannot be recorded: {error}") from None
    if made != command:
        _check_given(command)  # what is read back as it was, as nearly always, was what it must be
    if type(made) is Stop and not 0 <= made.deadline_ns < NEVER:
        raise InvalidInput(
            f"deadline_ns={made.deadline_ns}: expected 0 to 2**63-2", field="deadline_ns"
        )
    return cast("C", made)


def _first_fault(command: Command) -> Fault | None:
    """What does not fit; where it is of a kind that no record is made of, what that is."""
    try:
        odd = next(_no_records(command), None)
        return odd or next(faults(msgspec.to_builtins(command), type(command)), None)
    except (ValueError, TypeError, OverflowError, RecursionError):
        return None


def _no_records(value: object, place: Place = ()) -> Iterator[Fault]:
    """Every value that cannot be recorded, as those of numpy, or half a character."""
    if isinstance(value, msgspec.Struct):
        for name in value.__struct_fields__:
            yield from _no_records(getattr(value, name), (*place, name))
    elif isinstance(value, (tuple, list)):
        for number, item in enumerate(value, 1):
            yield from _no_records(item, (*place, number))
    elif value is not msgspec.UNSET:
        try:
            _ENCODER.encode(value)
        except UnicodeEncodeError:
            yield Fault(place, "", f": {value!r} holds half a character")
        except (ValueError, TypeError, OverflowError):
            yield Fault(place, "", f" is a {type(value).__name__}: give plain text or a number")


def _check_given(command: Command) -> None:
    """Whether an order command was made of what it must be made of. A NaN, which JSON does not
    have, would be read back as nothing."""
    if isinstance(command, SubmitOrder):
        _check_request("order", command.order, OrderRequest)
    elif isinstance(command, SubmitOrderList):
        _check_list(command.orders)
    elif isinstance(command, ReplaceOrder):
        _check_request("terms", command.terms, ReplaceRequest)


def _check_request(name: str, request: object, kind: type) -> None:
    if not isinstance(request, kind):
        raise InvalidOrder(
            f"{name} is a {type(request).__name__}: expected {kind.__name__}", field=name
        )
    for field in _NUMBERS:
        if isinstance(getattr(request, field, None), float):
            raise FloatNotExact(
                f"{field} is a float, which is not exact: give decimal text", field=field
            )


def _check_list(request: object) -> None:
    orders = getattr(request, "orders", None)
    if not isinstance(request, OrderListRequest) or not isinstance(orders, (tuple, list)):
        raise InvalidOrder("orders: expected an OrderListRequest with its orders", field="orders")
    for order in orders:
        _check_request("orders", order, OrderRequest)


def new_orders(command: Command) -> tuple[OrderRequest, ...]:
    """The orders that a command sends, if it sends any."""
    if isinstance(command, SubmitOrderList):
        return command.orders.orders
    return (command.order,) if isinstance(command, SubmitOrder) else ()


def order_body(command: SubmitOrder | SubmitOrderList) -> str:
    """A digest of what is sent, to know it again."""
    body = command.order if isinstance(command, SubmitOrder) else command.orders
    return hashlib.blake2b(_ENCODER.encode(body), digest_size=16).hexdigest()


def order_command(
    command_id: str, order: OrderRequest | OrderListRequest
) -> SubmitOrder | SubmitOrderList:
    """The command that sends an order, or a list of them."""
    if type(order) is not OrderRequest and isinstance(order, OrderListRequest):
        return SubmitOrderList(command_id=command_id, orders=order)
    return SubmitOrder(command_id=command_id, order=order)
