"""Sessions whose orders stand in the test: an engine, its records, and the account's path."""

from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec

from offbook.domain import commands as c
from offbook.domain.calendars import ALWAYS_OPEN_CALENDAR
from offbook.domain.config import (
    AccountConfig,
    BasisPointsFee,
    FeeConfig,
    LatencyConfig,
    SessionConfig,
    VenueConfig,
    instruments_of,
    sources_of,
)
from offbook.domain.market_data import Cursor, MarketInfo
from offbook.domain.orders import Liquidity, OrderRequest, OrderSide, OrderType
from offbook.domain.records import Record
from offbook.domain.session import PaperTradingSession, SessionStatus
from offbook.domain.values import Amount
from offbook.engine.inputs import Attach, EndOfData, Take
from offbook.engine.ledger.ledger import LedgerState
from offbook.engine.processing_engine import ProcessingEngine
from offbook.services.reporting.account_path import AccountPath, Execution, PathBuilder
from offbook.services.reporting.equity_curve import EquityCurve, read_equity_curve
from offbook.testing.markets import XYZ, BuiltCombination, BuiltMarket
from offbook.testing.scripted_gateway import ScriptedGateway

NO_FEE = BasisPointsFee(maker="0", taker="0")
TEN_BP = BasisPointsFee(maker="10", taker="10")


class Deal(msgspec.Struct, frozen=True):
    """An order sent after ``after`` rows: ``"5"`` bought, ``"-5"`` sold, at the market or better
    than ``price``."""

    after: int
    qty: str
    price: str | None = None
    symbol: str | None = None


class Played(msgspec.Struct, frozen=True):
    """What a session came to."""

    session: PaperTradingSession
    records: list[Record]
    ledger: LedgerState
    path: AccountPath
    until: Cursor


def play(
    market: BuiltMarket | BuiltCombination,
    deals: Sequence[Deal],
    *,
    fee: FeeConfig = NO_FEE,
    cash: str = "10000",
    account: AccountConfig | None = None,
    latency: LatencyConfig | None = None,
) -> Played:
    """Run a market of one slice to its end, with orders from outside."""
    (rows,) = market.slices
    instruments = instruments_of(market.config)
    config = SessionConfig(
        market=market.config,
        account=account or AccountConfig(currency=instruments[0].quote_currency, initial_cash=cash),
        venue=VenueConfig(fee=fee, latency=latency or LatencyConfig(entry_ns=0, response_ns=0)),
    )
    session = PaperTradingSession(
        id="00000000-0000-7000-8000-000000000000",
        config=config,
        status=SessionStatus.STARTING,
        created_at=datetime(2026, 1, 5, tzinfo=UTC),
    )
    info = MarketInfo(
        sources=sources_of(market.config),
        instruments=instruments,
        data_identity="data",
        calendar_identity="",
    )
    engine = ProcessingEngine(session)
    records = list(
        engine.process(
            [
                Attach(market=info, calendars=(ALWAYS_OPEN_CALENDAR,)),
                Take(command=c.Start(command_id="start"), ts=int(rows.ts[0])),
            ]
        )
    )
    for number, deal in enumerate(sorted(deals, key=lambda d: d.after)):
        if deal.after > engine.cursor.row:
            records += engine.process([rows.rows(engine.cursor.row, deal.after)])
        order = _order(deal.symbol or instruments[0].symbol, deal, f"D-{number}")
        command = c.SubmitOrder(command_id=f"c{number}", order=order)
        records += engine.process([Take(command=command, ts=engine.now)])
    records += engine.process([rows.rows(engine.cursor.row, len(rows)), EndOfData()])
    ledger, builder = LedgerState(), PathBuilder(config.account)
    for record in records:
        ledger.apply(record)
        builder.take(record, ledger)
    path = builder.path(ledger)
    assert path is not None
    return Played(session, records, ledger, path, engine.cursor)


async def curve_of(
    market: BuiltMarket | BuiltCombination, played: Played, **options: int
) -> EquityCurve:
    """The curve of a played session, its market read again."""
    gateway = ScriptedGateway(market.slices)
    feed = await gateway.open(market.config)
    try:
        return await read_equity_curve(feed, played.path, played.until, **options)
    finally:
        await feed.close()


def _order(symbol: str, deal: Deal, name: str) -> OrderRequest:
    return OrderRequest(
        symbol=symbol,
        side=OrderSide.SELL if deal.qty.startswith("-") else OrderSide.BUY,
        order_qty=deal.qty.removeprefix("-"),
        order_type=OrderType.MARKET if deal.price is None else OrderType.LIMIT,
        price=deal.price,
        client_order_id=name,
    )


def fill(ts: int, qty: int, px: int, fee: int = 0, *, order: str = "") -> Execution:
    """A fill of XYZ: signed whole shares, price in cents, fee in units of 10**-18."""
    return Execution(
        ts=ts,
        symbol=XYZ.symbol,
        client_order_id=order or f"at {ts}",
        qty=qty,
        px=px,
        notional=abs(qty) * px * XYZ.notional_scale,
        fee=fee,
        twice_mid=2 * px,
        slippage=0,
        liquidity=Liquidity.REMOVED,
    )


def money(text: str) -> int:
    """Decimal text in units of 10**-18."""
    return int(Amount.parse(text))
