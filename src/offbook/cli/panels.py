"""What the live screen shows, line by line."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from textwrap import wrap
from typing import Any, Final

import msgspec
from rich.text import Text

from offbook.cli.chart import Mark, Trace, bounds, draw, sparkline
from offbook.cli.keys import KEYS
from offbook.domain.config import symbols_of
from offbook.domain.instruments import Instrument
from offbook.domain.orders import OrderView
from offbook.domain.records import Record
from offbook.domain.session import PaperTradingSession, SessionStatus
from offbook.services.paper_trading.messages import Progress
from offbook.services.reporting.formatting import clock, counted, money, strategy_name

_STATUS_STYLES: Final = {
    SessionStatus.RUNNING: "bold green",
    SessionStatus.PAUSED: "bold yellow",
    SessionStatus.STOPPING: "bold yellow",
    SessionStatus.FAILED: "bold red",
}
_CELL_STYLES: Final = {"": "", "line": "cyan", "buy": "bold green", "sell": "bold magenta"}
_QUIET: Final = frozenset(
    {
        *("SessionAttached", "CommandTaken", "OrderAccepted"),
        *("TimerSet", "TimerFired", "TimerCanceled"),
    }
)
"""Records that say little to whoever looks on."""

_WORDS: Final = re.compile(r"(?<=[a-z])(?=[A-Z])")
_TOLD_BY_NAME: Final = ("reason", "error_type")
_ORDERS_SHOWN: Final = 4
_EVENTS_SHOWN: Final = 6
_LEAST_CHART: Final = 3
_MARKS_SHOWN: Final = 40
_FIXED_LINES: Final = 6
"""Title, progress, two of the account, a rule above the events, and the keys."""


class Scene(msgspec.Struct, kw_only=True):
    """All that is known at a moment; what grows is kept by whoever draws."""

    session: PaperTradingSession
    progress: Progress
    pace: str
    prices: Mapping[str, Trace]
    equity: Trace
    marks: Mapping[str, Sequence[Mark]]
    orders: Sequence[OrderView]
    said: Sequence[str]
    more: int = 0


def screen(scene: Scene, width: int, height: int) -> Text:
    """The whole screen: exactly so many lines, none wider."""
    working = _working(scene)
    shown = min(len(working), _ORDERS_SHOWN)
    room = height - _FIXED_LINES - shown
    events = min(_EVENTS_SHOWN, max(room - _LEAST_CHART, 0), max(len(scene.said), 3))
    chart = max(room - events, 0)
    said = _newest(scene.said, events, width)
    lines = [
        _title(scene),
        _progress(scene, width),
        *_chart(scene, width, chart),
        _account(scene),
        _holdings(scene),
        *working[:shown],
        Text("─" * width, style="dim"),
        *(Text(f" {line}") for line in said),
        *(Text("") for _ in range(events - len(said))),
        Text(f" {KEYS}", style="dim"),
    ]
    for line in lines:
        line.truncate(width, overflow="ellipsis")
    return Text("\n").join(lines[-height:])


def _newest(said: Sequence[str], lines: int, width: int) -> list[str]:
    """The last of what was said in so many lines, long ones broken where the screen ends."""
    newest = list(said)[max(len(said) - lines, 0) :]
    broken = [part for line in newest for part in wrap(line, width - 2) or [""]]
    return broken[max(len(broken) - lines, 0) :]


def event_line(record: Record, instruments: Mapping[str, Instrument]) -> str | None:
    """A record as a line for the eye; None for those that say little. Whatever kind it is, the
    fields that are known by name are told."""
    kind = type(record).__name__
    if kind in _QUIET:
        return None
    told = [clock(record.ts, date=False), _WORDS.sub(" ", kind).lower()]
    symbol = getattr(record, "symbol", None)
    instrument = None if symbol is None else instruments.get(symbol)
    side = getattr(record, "side", None)
    if side is not None:
        told.append(side.value.lower())
    if instrument is not None:
        qty = getattr(record, "last_qty", getattr(record, "order_qty", None))
        if qty is not None:
            told.append(instrument.qty_text(qty))
        told.append(instrument.symbol)
        px = getattr(record, "last_px", getattr(record, "price_px", None))
        if px is not None:
            told.append(f"at {instrument.price_text(px)}")
    elif hasattr(record, "order"):
        told.append(f"#{record.order}")
    for name in _TOLD_BY_NAME:
        value = getattr(record, name, None)
        if value:
            told.append(f"({getattr(value, 'value', value)})".lower())
    return " ".join(told)


def _title(scene: Scene) -> Text:
    config, status = scene.session.config, scene.progress.status
    spec = config.strategy
    name = strategy_name(None if spec is None else spec.ref)
    title = Text(" ").append(status.value, style=_STATUS_STYLES.get(status, "bold"))
    title.append(f"  {name}", style="bold").append(f" on {symbols_of(config.market)}")
    if config.name:
        title.append(f"  {config.name}", style="italic")
    if scene.more:
        title.append(f"  and {scene.more} more", style="dim")
    return title


def _progress(scene: Scene, width: int) -> Text:
    progress = scene.progress
    speed = progress.speed
    told = f" {clock(progress.now)}  {scene.pace}".rstrip()
    told += f"  speed {speed or 'full'}"
    line = Text(told)
    if progress.rows:
        done = min(progress.cursor.row / progress.rows, 1.0)
        told = f"  {int(100 * done)} % "
        length = max(width - len(line.plain) - len(told) - 1, 0)
        full = int(done * length)
        line.append(told).append("━" * full, style="green")
        line.append("━" * (length - full), style="dim")
    return line


def _chart(scene: Scene, width: int, height: int) -> list[Text]:
    """The price of each instrument, one below the other while there is room."""
    shown = [item for item in scene.prices.items() if item[1].points]
    shown = shown[: max(height // _LEAST_CHART, 1)]
    if not shown or height < 1:
        return [Text("") for _ in range(height)]
    lines: list[Text] = []
    for place, (symbol, trace) in enumerate(shown):
        rows = height // len(shown) + (place < height % len(shown))
        lines += _one_chart(symbol, trace, scene.marks.get(symbol, ()), width, rows)
    return lines


def _one_chart(
    symbol: str, trace: Trace, marks: Sequence[Mark], width: int, rows: int
) -> list[Text]:
    low, high = bounds(trace.points)
    last = trace.points[-1][1]
    labels = {0: f"{high:,.8g}", rows - 1: f"{low:,.8g}", rows // 2: f"{symbol} {last:,.8g}"}
    margin = max(map(len, labels.values())) + 2
    lines = []
    # More would hide the line that they stand on.
    newest = marks[len(marks) - min(len(marks), _MARKS_SHOWN) :]
    drawn = draw(trace.points, newest, max(width - margin - 1, 1), rows)
    for number, cells in enumerate(drawn):
        line = Text(" ")
        for style, run in groupby(cells, key=lambda cell: cell.style):
            line.append("".join(cell.text for cell in run), style=_CELL_STYLES[style])
        label = labels.get(number, "").rjust(margin - 1)
        lines.append(line.append(f" {label}", style="" if number == rows // 2 else "dim"))
    return lines


def _account(scene: Scene) -> Text:
    summary, currency = scene.progress.summary, scene.session.config.account.currency
    if summary is None:
        return Text("")
    gain = summary.equity - scene.equity.points[0][1] if scene.equity.points else 0
    line = Text(f" equity {money(str(summary.equity))} {currency} ", style="bold")
    style = "green" if gain > 0 else "red" if gain < 0 else "dim"
    line.append(sparkline(scene.equity.values, 16), style=style)
    line.append(f"  cash {money(str(summary.cash))}")
    line.append(f"  realized {money(str(summary.realized), signed=True)}")
    return line.append(f"  fees {money(str(summary.fees))}")


def _holdings(scene: Scene) -> Text:
    summary = scene.progress.summary
    if summary is None:
        return Text("")
    held = ", ".join(f"{qty} {symbol}" for symbol, qty in summary.positions.items())
    refused = summary.denied + summary.rejected
    line = Text(f" position {held or 'flat'}")
    line.append(f"  {counted(summary.fills, 'fill')}, {counted(summary.orders, 'order')}")
    line.append(f", {summary.open_orders} working")
    return line.append(f", {refused} refused", style="yellow") if refused else line


def _working(scene: Scene) -> list[Text]:
    return [_order(order) for order in scene.orders if not order.order_status.is_terminal]


def _order(order: OrderView) -> Text:
    side = order.side.value.lower()
    line = Text(" working ").append(side, style="green" if side == "buy" else "magenta")
    line.append(f" {order.leaves_qty} {order.symbol} {order.order_type.value.lower()}")
    for name, value in _terms(order):
        line.append(f" {name} {value}")
    return line.append(f"  {order.client_order_id}", style="dim")


def _terms(order: OrderView) -> Iterable[tuple[str, Any]]:
    """Prices that an order names, whichever its type has."""
    for name in order.__struct_fields__:
        value = getattr(order, name)
        if value is not None and (name == "price" or (name.endswith("_px") and name != "avg_px")):
            yield ("at" if name == "price" else name.removesuffix("_px")), value
