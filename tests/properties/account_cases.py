"""Made-up accounts, charges and rules."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from tests.properties.event_cases import PERPETUAL, Clockwork, pick_financing
from tests.properties.sources import Source

from offbook.domain.config import (
    AccountConfig,
    AccountType,
    AuctionLimit,
    AuctionRules,
    BasisPointsFee,
    BasisPointsSlippage,
    CashCheck,
    DailyLoss,
    DatedRate,
    ExtendedHours,
    FeeConfig,
    FillAt,
    FlatFee,
    MaintenanceTier,
    MarginCall,
    MarginRules,
    NoSlippage,
    OnDailyLoss,
    OrderRate,
    PerUnitFee,
    PortfolioMargin,
    ProductGroup,
    RiskConfig,
    SettlementConfig,
    SingleFee,
    SlippageConfig,
    SpreadSlippage,
    SquareRootSlippage,
    SumFee,
    TieredFee,
    UnsettledCash,
    UsRegulatoryFee,
    VolumeShareSlippage,
    VolumeTier,
)
from offbook.domain.instruments import AssetClass, Instrument
from offbook.domain.market_data import DataKind
from offbook.domain.orders import OrderSide

COARSE = Instrument(
    symbol="ETHEUR",
    asset_class=AssetClass.CRYPTO_SPOT,
    base="ETH",
    quote_currency="EUR",
    price_precision=3,
    qty_precision=4,
    tick_size="0.005",
    lot_size="0.0003",
    min_notional="0.05",
)
"""Ticks and lots coarser than what market data may hold, and a smallest value of an order."""

SMALL_PRICE = Instrument(
    symbol="DOGEJPY",
    asset_class=AssetClass.CRYPTO_SPOT,
    base="DOGE",
    quote_currency="JPY",
    price_precision=6,
    qty_precision=2,
    tick_size="0.000002",
    lot_size="0.5",
)
"""Values far below the smallest charge, which is one yen."""


BASE = {
    "XYZ": "100",
    "ABC": "100",
    "BTCUSDT": "100",
    "ETHEUR": "100",
    "DOGEJPY": "0.1",
    "XBTUSDT": "100",
}
"""Where each instrument's price starts; a lot is then worth this times the lot size."""


def pick_account(
    source: Source, instrument: Instrument, cash: Decimal, lot: Decimal, clock: Clockwork
) -> AccountConfig:
    """Cash or margin, in the instrument's currency or another; ``lot`` is what one is worth."""
    quote = instrument.quote_currency
    margin = source.pick([False, True]) or instrument is PERPETUAL
    if margin and source.pick([False, True]):  # where calls come
        cash = (source.pick([4, 9, 20]) * lot / 30).quantize(Decimal("1e-8"))
    rate = source.pick([None, None, None, "0.9", "7.123456789012"])
    currency = quote if rate is None else "SEK"
    own = rate is not None and source.pick([False, True])
    here = cash if rate is None else (cash * Decimal(rate)).quantize(Decimal("1e-12"))
    check = source.pick([CashCheck.SUBMIT] * 4 + [CashCheck.FILL])
    settles = not margin and check is CashCheck.SUBMIT
    return AccountConfig(
        **(_pick_margin(source, here, instrument) if margin else {}),
        settlement=_pick_settlement(source) if settles else None,
        currency=currency,
        type=AccountType.MARGIN if margin else AccountType.CASH,
        initial_cash=f"{here:f}",
        cash={quote: f"{cash / 2:f}"} if own else {},
        rates={} if rate is None else {quote: rate},
        cash_check=check,
        financing=pick_financing(source, instrument, currency, clock, margin=margin),
        withholding=source.pick(["0", "0", "0.15", "0.3333"]),
    )


def _pick_settlement(source: Source) -> SettlementConfig | None:
    """None now and then."""
    rule = SettlementConfig(days=source.pick([1, 1, 2]), unsettled=source.pick(list(UnsettledCash)))
    return source.pick([None, rule, rule])


def _pick_margin(source: Source, cash: Decimal, instrument: Instrument) -> dict[str, Any]:
    """What is asked for, by one of several rules, and what becomes of who has less."""
    leverage = source.pick(["2", "1", "10.5", "30", "30"])
    found: dict[str, Any] = {
        "leverage": leverage,
        "margin_call": source.pick(list(MarginCall)),
        "liquidation_fee": source.pick(["0", "0.005", "0.0123"]),
    }
    rule = source.pick(["share", "tight", "tiers", "regulation", "moves"])
    if rule == "tight":
        found["maintenance_margin"] = source.pick(["0.03", "0.0333"])
    elif rule == "tiers":
        starts = ["0", f"{cash / 2:f}", f"{3 * cash:f}"]
        rates = source.pick([("0.004", "0.01", "0.03"), ("0.03", "0.032", "0.0333")])
        found["maintenance_tiers"] = tuple(
            MaintenanceTier(above=above, rate=rate)
            for above, rate in zip(starts, rates, strict=True)
        )
    elif rule == "regulation" and leverage in {"1", "2"}:
        found["margin_rules"] = MarginRules.REG_T
    elif rule == "moves":
        del found["leverage"]
        found["portfolio_margin"] = _pick_moves(source, cash, instrument)
    return found


def _pick_moves(source: Source, cash: Decimal, instrument: Instrument) -> PortfolioMargin:
    """What is lost if the price moves so far, by itself or in a group."""
    group = ProductGroup(symbols=(instrument.symbol, "other"), down="0.08", up="0.0633", offset="1")
    return PortfolioMargin(
        move=source.pick(["0.15", "0.0333"]),
        groups=source.pick([(), (group,)]),
        initial_factor=source.pick(["1", "1.1", "3.00000001"]),
        minimum_equity=source.pick(["0", "0", f"{cash * Decimal('0.98'):f}"]),
    )


def pick_slippage(source: Source) -> SlippageConfig:
    """Mostly none."""
    kind, quotes = (
        source.pick(["none", "none", "none", "bps", "spread", "root", "share"]),
        source.pick([True, False]),
    )
    if kind == "none":
        return NoSlippage()
    if kind == "bps":
        return BasisPointsSlippage(bps=source.pick(["0.5", "0", "7.0001"]), quotes=quotes)
    if kind == "root":
        return SquareRootSlippage(bps=source.pick(["40", "7.0001", "1000"]), quotes=quotes)
    if kind == "share":
        return VolumeShareSlippage(impact=source.pick(["0.1", "0.00123457", "3"]), quotes=quotes)
    share, spread = source.pick(["0.5", "0", "3.33333333"]), source.pick(["0.013", "0"])
    return SpreadSlippage(share=share, assumed_spread=spread, quotes=quotes)


def pick_fee(source: Source) -> FeeConfig:
    """One charge or two together."""
    if source.pick([True, True, True, False]):
        return _pick_single(source)
    return SumFee(parts=(_pick_single(source), _pick_single(source)))


def _pick_single(source: Source) -> SingleFee:
    kind = source.pick(["bps", "bps", "flat", "unit", "tiers", "us"])
    if kind == "bps":
        rates = ["0", "10", "37.5", "1000", "0.0001"]
        maker, taker = source.pick([*rates, "-5"]), source.pick(rates)
        return BasisPointsFee(
            maker=maker,
            taker=taker,
            # Bounds without another draw, so that all other cases stay what they were.
            minimum={"37.5": "0.35", "0": "0.0049"}.get(taker),
            maximum={"1000": "0.3", "-5": "0"}.get(maker),
            maximum_percent={"10": "0.05"}.get(maker),
        )
    if kind == "tiers":
        return _pick_tiers(source)
    if kind == "us":
        return _pick_us_rates(source)
    if kind == "flat":
        return FlatFee(per_order=source.pick(["0.01", "0", "0.0049", "1"]))
    return PerUnitFee(
        per_unit=source.pick(["0.0035", "0", "0.5"]),
        minimum=source.pick(["0", "0.35", "0.0049"]),
        maximum=source.pick([None, None, "0.3"]),
        maximum_percent=source.pick([None, None, "1", "0.0001"]),
    )


def _pick_tiers(source: Source) -> TieredFee:
    """That a session may reach, some of them with a rebate."""
    starts = ["0", *source.pick([["0.4", "300"], ["2.5"], ["100", "5000", "5000.01"]])]
    rates = ["0", "10", "37.5", "5", "0.0001"]
    tiers = tuple(
        VolumeTier(volume=at, maker=source.pick([*rates, "-5"]), taker=source.pick(rates))
        for at in starts
    )
    return TieredFee(tiers=tiers, volume=source.pick(["0", "0", "99.5"]))


def _pick_us_rates(source: Source) -> UsRegulatoryFee:
    """Those that come with the product, or some that change while a session may run."""
    days = ["2023-06-01", "2024-01-02", "2024-01-03", "2024-02-01"]

    def dated(*rates: str, most: str | None = None) -> tuple[DatedRate, ...]:
        first = source.number(0, len(days) - len(rates))
        return tuple(
            DatedRate(since=days[first + place], rate=rate, maximum=most)
            for place, rate in enumerate(rates)
        )

    return UsRegulatoryFee(
        sec=source.pick([None, (), dated("27.8", "0"), dated("8", "12345.67", "0.00000001")]),
        taf=source.pick([None, (), dated("0.000166", "0.5", most="1.37")]),
        cat=source.pick([(), dated("0.000035"), dated("0.0013", "0.00000001")]),
    )


def pick_fill_at(source: Source, kinds: tuple[DataKind, ...]) -> FillAt | None:
    """None, or any that the market has rows for."""
    if kinds == (DataKind.BARS,):
        closes = [FillAt.THIS_CLOSE, FillAt.THIS_CLOSE, FillAt.NEXT_CLOSE]
        return source.pick([None, None, FillAt.NEXT_OPEN, *closes])
    return source.pick([None, FillAt.QUOTE]) if DataKind.QUOTES in kinds else None


def pick_risk(source: Source, instrument: Instrument, lot: Decimal, timeframe: int) -> RiskConfig:
    """Limits now and then, around what some lots are worth."""
    return RiskConfig(
        max_order_notional=source.pick([None, None, None, None, None, f"{9 * lot:f}"]),
        max_position_notional=source.pick([None, None, None, None, None, f"{25 * lot:f}"]),
        max_order_qty=source.pick([None] * 5 + [f"{12 * Decimal(instrument.lot_size):f}"]),
        max_position_qty=source.pick([None] * 5 + [f"{20 * Decimal(instrument.lot_size):f}"]),
        price_collar=source.pick([None, None, None, "0.02", "0"]),
        max_open_orders=source.pick([200, 200, 4]),
        daily_loss=pick_daily_loss(source, lot),
        max_order_rate=_pick_rate(source, timeframe),
        allowed_sides=source.pick([None] * 6 + [(OrderSide.BUY,), (OrderSide.SELL,)]),
        allowed_symbols=source.pick([None] * 7 + [(instrument.symbol,)]),
    )


def _pick_rate(source: Source, timeframe: int) -> OrderRate | None:
    """Mostly none; a few in some rows' time."""
    rate = OrderRate(
        count=source.pick([1, 2, 4]), per_ns=min(source.pick([1, 3]) * timeframe, 86_400 * 10**9)
    )
    return source.pick([None, None, None, rate])


def pick_daily_loss(source: Source, lot: Decimal) -> DailyLoss | None:
    """Mostly none; what a price's move of some ticks makes of some lots, or a share."""
    kind = source.pick(["none"] * 6 + ["amount", "percent"])
    if kind == "none":
        return None
    action = source.pick([OnDailyLoss.PAUSE, OnDailyLoss.PAUSE, OnDailyLoss.STOP])
    if kind == "amount":
        share = Decimal(source.pick(["0.001", "0.01", "0.2"]))
        return DailyLoss(amount=f"{share * lot:f}", action=action)
    return DailyLoss(percent=source.pick(["0.0001", "0.01", "0.33333333"]), action=action)


def pick_auctions(source: Source, timeframe: int) -> AuctionRules:
    """The rules of auctions."""
    cutoff = source.pick([0, 0, timeframe // 2])
    return AuctionRules(
        open_cutoff_ns=cutoff, close_cutoff_ns=cutoff, limit=source.pick(list(AuctionLimit))
    )


def pick_extended_hours(source: Source, timeframe: int) -> ExtendedHours | None:
    """Mostly none; a few bars or quotes."""
    if source.pick([True, True, False]):
        return None
    most = 12 * 3600 * 10**9
    pre, post = (min(source.pick([0, 1, 2, 5]) * timeframe, most) for _ in range(2))
    return ExtendedHours(pre_ns=pre, post_ns=post)
