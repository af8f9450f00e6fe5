"""Rehearse trading strategies: paper-trading sessions that outlive a crash and replay exactly.

The names below are looked up when they are first used, so that ``from offbook import Strategy``
loads the engine alone: no database, no server, no terminal.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from offbook.bootstrap import open_manager as open_manager
    from offbook.bootstrap import open_sync_manager as open_sync_manager
    from offbook.config.markets import MarketDescription as MarketDescription
    from offbook.config.sessions import SessionRequest as SessionRequest
    from offbook.config.sessions import build_config as build_config
    from offbook.domain.account_events import AccountEvent as AccountEvent
    from offbook.domain.account_events import AccountEventKind as AccountEventKind
    from offbook.domain.config import AccountConfig as AccountConfig
    from offbook.domain.config import PauseOrders as PauseOrders
    from offbook.domain.config import ReplayMarket as ReplayMarket
    from offbook.domain.config import ResumeTimers as ResumeTimers
    from offbook.domain.config import SessionConfig as SessionConfig
    from offbook.domain.config import StrategySpec as StrategySpec
    from offbook.domain.config import SyntheticMarket as SyntheticMarket
    from offbook.domain.config import VenueConfig as VenueConfig
    from offbook.domain.config import venue_preset as venue_preset
    from offbook.domain.errors import OffbookError as OffbookError
    from offbook.domain.instruments import AssetClass as AssetClass
    from offbook.domain.instruments import Instrument as Instrument
    from offbook.domain.market_data import Bar as Bar
    from offbook.domain.market_data import DataKind as DataKind
    from offbook.domain.market_data import Quote as Quote
    from offbook.domain.market_data import Trade as Trade
    from offbook.domain.orders import ContingencyType as ContingencyType
    from offbook.domain.orders import OrderListRequest as OrderListRequest
    from offbook.domain.orders import OrderRequest as OrderRequest
    from offbook.domain.orders import OrderSide as OrderSide
    from offbook.domain.orders import OrderStatus as OrderStatus
    from offbook.domain.orders import OrderType as OrderType
    from offbook.domain.orders import OrderView as OrderView
    from offbook.domain.orders import ReplaceRequest as ReplaceRequest
    from offbook.domain.orders import TimeInForce as TimeInForce
    from offbook.domain.session import PaperTradingSession as PaperTradingSession
    from offbook.domain.session import SessionStatus as SessionStatus
    from offbook.engine.books.book_view import BookLevel as BookLevel
    from offbook.engine.books.book_view import BookView as BookView
    from offbook.engine.processing_engine import ProcessingEngine as ProcessingEngine
    from offbook.engine.strategy.strategy import Missed as Missed
    from offbook.engine.strategy.strategy import Rounding as Rounding
    from offbook.engine.strategy.strategy import Strategy as Strategy
    from offbook.engine.strategy.view import Fill as Fill
    from offbook.engine.strategy.view import OrderUpdate as OrderUpdate
    from offbook.notebook.running import run as run
    from offbook.notebook.sweeping import sweep as sweep
    from offbook.services.paper_trading.session_manager import (
        PaperTradingSessionManager as PaperTradingSessionManager,
    )
    from offbook.services.paper_trading.sync_manager import (
        SyncPaperTradingSessionManager as SyncPaperTradingSessionManager,
    )

    __version__: str

_HOME: dict[str, str] = {
    "AccountConfig": "offbook.domain.config",
    "AccountEvent": "offbook.domain.account_events",
    "AccountEventKind": "offbook.domain.account_events",
    "AssetClass": "offbook.domain.instruments",
    "Bar": "offbook.domain.market_data",
    "BookLevel": "offbook.engine.books.book_view",
    "BookView": "offbook.engine.books.book_view",
    "ContingencyType": "offbook.domain.orders",
    "DataKind": "offbook.domain.market_data",
    "Fill": "offbook.engine.strategy.view",
    "Instrument": "offbook.domain.instruments",
    "MarketDescription": "offbook.config.markets",
    "Missed": "offbook.engine.strategy.strategy",
    "OffbookError": "offbook.domain.errors",
    "OrderListRequest": "offbook.domain.orders",
    "OrderRequest": "offbook.domain.orders",
    "OrderSide": "offbook.domain.orders",
    "OrderStatus": "offbook.domain.orders",
    "OrderType": "offbook.domain.orders",
    "OrderUpdate": "offbook.engine.strategy.view",
    "OrderView": "offbook.domain.orders",
    "PaperTradingSession": "offbook.domain.session",
    "PaperTradingSessionManager": "offbook.services.paper_trading.session_manager",
    "PauseOrders": "offbook.domain.config",
    "ProcessingEngine": "offbook.engine.processing_engine",
    "Quote": "offbook.domain.market_data",
    "ReplaceRequest": "offbook.domain.orders",
    "ReplayMarket": "offbook.domain.config",
    "ResumeTimers": "offbook.domain.config",
    "Rounding": "offbook.engine.strategy.strategy",
    "SessionConfig": "offbook.domain.config",
    "SessionRequest": "offbook.config.sessions",
    "SessionStatus": "offbook.domain.session",
    "Strategy": "offbook.engine.strategy.strategy",
    "StrategySpec": "offbook.domain.config",
    "SyncPaperTradingSessionManager": "offbook.services.paper_trading.sync_manager",
    "SyntheticMarket": "offbook.domain.config",
    "TimeInForce": "offbook.domain.orders",
    "Trade": "offbook.domain.market_data",
    "VenueConfig": "offbook.domain.config",
    "build_config": "offbook.config.sessions",
    "open_manager": "offbook.bootstrap",
    "open_sync_manager": "offbook.bootstrap",
    "run": "offbook.notebook.running",
    "sweep": "offbook.notebook.sweeping",
    "venue_preset": "offbook.domain.config",
}
"""Public name -> the module that defines it. Each has its line under TYPE_CHECKING too."""

__all__ = [
    "AccountConfig",
    "AccountEvent",
    "AccountEventKind",
    "AssetClass",
    "Bar",
    "BookLevel",
    "BookView",
    "ContingencyType",
    "DataKind",
    "Fill",
    "Instrument",
    "MarketDescription",
    "Missed",
    "OffbookError",
    "OrderListRequest",
    "OrderRequest",
    "OrderSide",
    "OrderStatus",
    "OrderType",
    "OrderUpdate",
    "OrderView",
    "PaperTradingSession",
    "PaperTradingSessionManager",
    "PauseOrders",
    "ProcessingEngine",
    "Quote",
    "ReplaceRequest",
    "ReplayMarket",
    "ResumeTimers",
    "Rounding",
    "SessionConfig",
    "SessionRequest",
    "SessionStatus",
    "Strategy",
    "StrategySpec",
    "SyncPaperTradingSessionManager",
    "SyntheticMarket",
    "TimeInForce",
    "Trade",
    "VenueConfig",
    "__version__",
    "build_config",
    "open_manager",
    "open_sync_manager",
    "run",
    "sweep",
    "venue_preset",
]


def __getattr__(name: str) -> object:
    """Fetch a public name on first use and keep it (PEP 562)."""
    if name == "__version__":
        from importlib.metadata import version

        value: object = version("offbook")
    elif name in _HOME:
        value = getattr(import_module(_HOME[name]), name)
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
