"""The simulated venue: what it charges, how long messages take, how it matches."""

from __future__ import annotations

import enum
from typing import Final

from offbook.domain.book_start import BookStart
from offbook.domain.config.actions import ActionOrders
from offbook.domain.config.arriving import BeyondBand, WhileClosed
from offbook.domain.config.auctions import AuctionRules
from offbook.domain.config.base import RATIO_PRECISION, ConfigPart, exact_decimal, settle_enum
from offbook.domain.config.comparing import (
    BarPrices,
    BarReports,
    SlippageBound,
    StopLimitFill,
)
from offbook.domain.config.fee_groups import FeeConfig
from offbook.domain.config.fees import BasisPointsFee, FeeRounding
from offbook.domain.config.freshness import FreshnessConfig
from offbook.domain.config.hours import ExtendedHours
from offbook.domain.config.latency import LatencyConfig
from offbook.domain.config.queue import QueueConfig
from offbook.domain.config.replacing import ReplacePriority
from offbook.domain.config.slippage import NoSlippage, SlippageConfig
from offbook.domain.errors import InvalidConfig


class FillAt(enum.Enum):
    """Where a market order trades on bars; ``QUOTE`` says that there must be quotes instead."""

    NEXT_OPEN = "next_open"
    THIS_CLOSE = "this_close"
    NEXT_CLOSE = "next_close"
    QUOTE = "quote"


class SelfMatchPolicy(enum.Enum):
    """What becomes of orders of one session that would trade with each other."""

    ALLOW = "allow"
    CANCEL_RESTING = "cancel_resting"
    CANCEL_ARRIVING = "cancel_arriving"
    DECREMENT = "decrement"


class StopGap(enum.Enum):
    """What a stop pays where a bar opens beyond it: the open, or its own price as if there were
    no gap."""

    OPEN = "open"
    STOP = "stop"


class LimitFill(enum.Enum):
    """What fills a resting limit on prints and bars: a price beyond its own, or one at it, which
    supposes that the order was first in its queue; on quotes alone the other side that comes to its
    price, or also its own side, up to the size shown there."""

    THROUGH = "through"
    TOUCH = "touch"


class LimitGap(enum.Enum):
    """What a resting limit trades at where a bar opens beyond it: its own price, or the open,
    which is better."""

    LIMIT = "limit"
    OPEN = "open"


class Intrabar(enum.Enum):
    """The order of events inside a bar: the worst first, or along a path from its open over its
    high and low, or its low and high, to its close."""

    WORST_FIRST = "worst_first"
    OHLC = "ohlc"
    OLHC = "olhc"


class WhileHalted(enum.Enum):
    """What becomes of orders that arrive while trading is halted: they wait in the book, as at most
    exchanges, or are rejected."""

    QUEUE = "queue"
    REJECT = "reject"


UNLIMITED: Final = "unlimited"
"""The volume share of a venue that fills whatever is sent, as most other engines do."""


class VenueConfig(ConfigPart, frozen=True, kw_only=True):
    """The simulated venue.

    ``volume_share`` (0 to 1): how much of a bar's volume the session's orders may take, or
    ``unlimited``, whatever a bar shows.
    ``fill_at``, ``stop_gap``, ``limit_gap``, ``stop_limit``, ``intrabar``, ``bar_prices``,
    ``slippage_bound`` and ``bar_reports`` (which needs reports that take no time) say how bars are
    matched; the defaults
    never flatter, the others are there to be compared with engines that work so.  ``fill_at`` None
    is the next open on bars, and quotes where there are quotes.
    ``limit_fill`` says what fills a resting limit on quotes, prints and bars; ``freshness`` how old
    the quote or book may be that an order takes from, None for any age;
    ``self_match`` what becomes of the session's orders that would trade with each other;
    ``replace_priority`` whether an order keeps its place when its terms are replaced.
    ``market_collar`` (0 to 1): how far above the market a market buy reserves cash.
    ``whole_shares``: orders are for whole units, whatever the instrument's lot.
    ``queue`` says where resting orders stand at their price, None their exact place on books that
    are told order by order and first in, first out on others; ``book_start`` from when on a book is
    matched; both are for markets with books and change nothing elsewhere.
    ``action_orders``: what becomes of open orders when a share is split or pays a dividend.
    ``auctions`` are the rules of orders for the opening and the close, ``while_halted`` is that for
    orders that arrive in a halt, ``beyond_band`` that for limits that arrive beyond a price band;
    both are for markets with a status.  ``extended_hours`` are for orders that say so; without it
    there are none.  ``while_closed`` is the rule for orders that arrive outside the hours in which
    they may trade; it changes nothing where a market never closes.
    """

    fee: FeeConfig = BasisPointsFee()
    fee_rounding: FeeRounding = FeeRounding.UP
    slippage: SlippageConfig = NoSlippage()
    latency: LatencyConfig = LatencyConfig()
    volume_share: str = "0.1"
    market_collar: str = "0.05"
    whole_shares: bool = False
    fill_at: FillAt | None = None
    stop_gap: StopGap = StopGap.OPEN
    limit_gap: LimitGap = LimitGap.LIMIT
    intrabar: Intrabar = Intrabar.WORST_FIRST
    queue: QueueConfig | None = None
    book_start: BookStart = BookStart.SNAPSHOT
    action_orders: ActionOrders = ActionOrders.ADJUST
    auctions: AuctionRules = AuctionRules()
    while_halted: WhileHalted = WhileHalted.QUEUE
    while_closed: WhileClosed = WhileClosed.QUEUE
    beyond_band: BeyondBand = BeyondBand.WAIT
    extended_hours: ExtendedHours | None = None
    limit_fill: LimitFill = LimitFill.THROUGH
    freshness: FreshnessConfig | None = None
    self_match: SelfMatchPolicy = SelfMatchPolicy.ALLOW
    stop_limit: StopLimitFill = StopLimitFill.NEXT_BAR
    bar_prices: BarPrices = BarPrices.RANGE
    bar_reports: BarReports = BarReports.AFTER
    slippage_bound: SlippageBound = SlippageBound.BAR
    replace_priority: ReplacePriority = ReplacePriority.SMALLER

    def __post_init__(self) -> None:
        settle_enum(self, "fee_rounding", FeeRounding, "venue.fee_rounding")
        settle_enum(self, "stop_gap", StopGap, "venue.stop_gap")
        settle_enum(self, "limit_gap", LimitGap, "venue.limit_gap")
        settle_enum(self, "action_orders", ActionOrders, "venue.action_orders")
        settle_enum(self, "book_start", BookStart, "venue.book_start")
        settle_enum(self, "self_match", SelfMatchPolicy, "venue.self_match")
        settle_enum(self, "limit_fill", LimitFill, "venue.limit_fill")
        settle_enum(self, "intrabar", Intrabar, "venue.intrabar")
        settle_enum(self, "stop_limit", StopLimitFill, "venue.stop_limit")
        settle_enum(self, "bar_prices", BarPrices, "venue.bar_prices")
        settle_enum(self, "bar_reports", BarReports, "venue.bar_reports")
        settle_enum(self, "slippage_bound", SlippageBound, "venue.slippage_bound")
        settle_enum(self, "replace_priority", ReplacePriority, "venue.replace_priority")
        settle_enum(self, "while_halted", WhileHalted, "venue.while_halted")
        settle_enum(self, "while_closed", WhileClosed, "venue.while_closed")
        settle_enum(self, "beyond_band", BeyondBand, "venue.beyond_band")
        if self.fill_at is not None:
            settle_enum(self, "fill_at", FillAt, "venue.fill_at")
        if self.bar_reports is BarReports.BEFORE and not self.latency.answers_at_once:
            raise InvalidConfig(
                "venue.bar_reports=before is for reports that take no time: set "
                "venue.latency.response_ns=0 and no venue.latency.response, nor one of "
                "venue.latency.venues",
                field="venue.bar_reports",
            )
        for name in ("volume_share", "market_collar"):
            text = getattr(self, name)
            if name == "volume_share" and text == UNLIMITED:
                continue
            share = exact_decimal(f"venue.{name}", text, precision=RATIO_PRECISION)
            if not 0 <= share <= 1 or (name == "volume_share" and share == 0):
                raise InvalidConfig(
                    f"venue.{name}={text}, expected a share between 0 and 1"
                    + (f", or {UNLIMITED}" if name == "volume_share" else ""),
                    field=f"venue.{name}",
                )
