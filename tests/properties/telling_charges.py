"""Sessions in which charges, limits and dated payments decide."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tests.properties.account_cases import COARSE
from tests.properties.calm_setups import at_venue, by_days, calm, cash, clock_of, margin, of_all
from tests.properties.eager_steps import Eager
from tests.properties.other_cases import ABC
from tests.properties.sources import Source

from offbook.domain.config import (
    ActionKind,
    BasisPointsFee,
    BoundedFee,
    ByInstrumentFee,
    CorporateAction,
    DailyLoss,
    DatedFee,
    DatedRate,
    FeeConfig,
    FeeGroup,
    FeeRounding,
    FlatFee,
    LimitFill,
    OnDailyLoss,
    PerUnitFee,
    RiskConfig,
    SharesFrom,
    SpreadSlippage,
    SumFee,
    TieredFee,
    UsRegulatoryFee,
    VolumeOf,
    VolumeTier,
)
from offbook.domain.instruments import AssetClass
from offbook.domain.market_data import DataKind
from offbook.testing.markets import BTCUSDT, XYZ

if TYPE_CHECKING:
    from tests.properties.market_cases import Setup

TIERS = (
    VolumeTier(volume="0", maker="2", taker="70"),
    VolumeTier(volume="150", maker="1", taker="40"),
    VolumeTier(volume="900", maker="-1", taker="20"),
    VolumeTier(volume="3000", maker="-2", taker="10"),
)


def by_regulators(source: Source, setup: Setup) -> Setup:
    """Charges on what is sold, together or each by itself, and the most of one."""
    made = calm(source, setup, XYZ)

    def dated(rate: str, later: str, most: str | None = None) -> tuple[DatedRate, ...]:
        first = DatedRate(since="2023-06-01", rate=rate, maximum=most)
        return (first, DatedRate(since="2024-01-03", rate=later, maximum=most))

    fee = UsRegulatoryFee(
        sec=dated("27.8", source.pick(["8", "12345.67"])),
        taf=dated(source.pick(["0.5", "0.5", "0.000166"]), "0.25", source.pick(["1.37", None])),
        cat=source.pick([(), dated("0.0013", "0.000035")]),
        round_each=source.pick([True, True, False]),
    )
    rounding = source.pick([FeeRounding.UP, *FeeRounding])
    made = at_venue(made, fee=fee, fee_rounding=rounding)
    return of_all(made, account=cash(made, 100))


def by_volume(source: Source, setup: Setup) -> Setup:
    """Charges by what was traded on the days before, of which instruments."""
    made = by_days(calm(source, setup, XYZ, source.pick([ABC, BTCUSDT])))
    tiered = TieredFee(tiers=TIERS, volume=source.pick(["0", "200"]))
    flat = BasisPointsFee(maker="0", taker="3")
    last = made.others[0].instrument
    groups = source.pick(
        [
            (FeeGroup(symbols=("XYZ",), fee=tiered), FeeGroup(fee=tiered)),
            (FeeGroup(symbols=(last.symbol,), fee=flat), FeeGroup(fee=tiered)),
            (FeeGroup(asset_class=AssetClass.EQUITY, fee=tiered), FeeGroup(fee=flat)),
            (FeeGroup(currency=last.quote_currency, fee=tiered), FeeGroup(fee=flat)),
        ]
    )
    fee = ByInstrumentFee(groups=groups, volume_of=source.pick([VolumeOf.GROUP, *VolumeOf]))
    made = at_venue(made, fee=source.pick([fee, fee, fee, tiered]))
    rates = {} if last.quote_currency == "USD" else {last.quote_currency: "90000"}
    return of_all(made, account=cash(made, 200, rates=rates))


def by_dates(source: Source, setup: Setup) -> Setup:
    """Shares of the value that change while it trades, of makers and takers."""
    made = calm(source, setup, XYZ)
    clock = clock_of(made)
    fee = DatedFee(
        rates=(
            SharesFrom(maker=source.pick(["10", "-5"]), taker=source.pick(["37.5", "0"])),
            SharesFrom(since=clock.text(source.number(20, 150)), maker="-0.5", taker="1"),
            SharesFrom(since=clock.text(source.number(151, 400)), tiers=TIERS),
        ),
        volume=source.pick(["0", "200"]),
    )
    made = at_venue(made, fee=fee, limit_fill=LimitFill.TOUCH)
    return of_all(made, account=cash(made, 200))


def _bounded(source: Source) -> FeeConfig:
    """Charges that are soon as small or as large as they may be."""
    bounds = source.pick(
        [
            {"minimum": "0.35"},
            {"minimum": "0.35", "maximum": "0.8"},
            {"maximum": "0.5"},
            {"minimum": "0.2", "maximum_percent": "0.05"},
        ]
    )
    percent = {"minimum_percent": source.pick(["0.12", "0.2"])}
    shares = BasisPointsFee(maker="10", taker=source.pick(["10", "37.5"]), **bounds)
    units = PerUnitFee(per_unit="0.1", **bounds)
    both = (BasisPointsFee(maker="5", taker="5"), PerUnitFee(per_unit="0.035"))
    bounded = BoundedFee(parts=both, **source.pick([bounds, bounds, percent]))
    return source.pick([shares, units, bounded, SumFee(parts=(FlatFee(per_order="0.01"), bounded))])


def slipping(source: Source, setup: Setup) -> Setup:
    """Takers where no spread is shown."""
    kinds = source.pick([(DataKind.BARS,), (DataKind.TRADES,)])
    made = calm(source, setup, source.pick([XYZ, BTCUSDT, COARSE]))
    made = of_all(made, kinds=kinds, listener="on_start" if setup.listener else None)
    spread = source.pick(["0.013", "0", "0.05", "0.31"])
    slippage = SpreadSlippage(share=source.pick(["0.5", "1", "3.33333333"]), assumed_spread=spread)
    made = at_venue(made, slippage=slippage, fee=_bounded(source))
    return of_all(made, account=cash(made, 100))


def losing(source: Source, setup: Setup) -> Setup:
    """So much may be lost in a day, and then it is over."""
    made = calm(source, setup, *source.pick([(XYZ,), (XYZ, ABC)]))
    action = source.pick(list(OnDailyLoss))
    loss = source.pick(
        [
            DailyLoss(amount=source.pick(["0.5", "3"]), action=action),
            DailyLoss(percent=source.pick(["0.01", "0.33333333"]), action=action),
        ]
    )
    made = at_venue(made, fee=_bounded(source))
    held = source.pick([Eager.TO_BE_LONG, Eager.TO_BE_SHORT])
    account = margin(made, 50, leverage="2")
    return of_all(made, account=account, risk=RiskConfig(daily_loss=loss), eager=held)


def crowded(source: Source, setup: Setup) -> Setup:
    """Some orders may be open, and no more."""
    made = calm(source, setup, *source.pick([(XYZ,), (XYZ, ABC), (BTCUSDT,)]))
    made = of_all(
        made, risk=RiskConfig(max_open_orders=source.pick([1, 2, 3, None])), eager=Eager.TO_REST
    )
    account = source.pick([cash, margin])(made, 1000)
    return of_all(made, account=account)


def paid_out(source: Source, setup: Setup) -> Setup:
    """What shares pay, in which money, and what is left of them in the end."""
    made = calm(source, setup, XYZ, source.pick([ABC, BTCUSDT]))
    clock = clock_of(made)
    dividends = tuple(
        CorporateAction(
            symbol="XYZ",
            kind=ActionKind.DIVIDEND,
            ex=clock.text(source.number(20 + 40 * place, 50 + 40 * place)),
            amount=source.pick(["0.01", "1.5", "99.5"]),
            currency=source.pick([None, "SEK", "USDT"]),
        )
        for place in range(4)
    )
    ended = CorporateAction(
        symbol=source.pick(["XYZ", "XYZ", made.others[0].instrument.symbol]),
        kind=ActionKind.DELISTING,
        ex=clock.text(source.number(100, 300)),
        amount=source.pick([None, "0.37", "101.5"]),
    )
    account = source.pick([cash, margin])(
        made,
        100,
        rates={"SEK": "0.0957", "USDT": "0.997"},
        cash=source.pick([{}, {"SEK": "0"}]),
        withholding=source.pick(["0", "0.15"]),
    )
    made = at_venue(replace(made, actions=dividends), fee=_bounded(source))
    return of_all(_ended(made, ended), account=account, eager=Eager.TO_BE_LONG)


def _ended(setup: Setup, action: CorporateAction) -> Setup:
    """An instrument with an action more."""
    if action.symbol == setup.instrument.symbol:
        return replace(setup, actions=(*setup.actions, action))
    (other,) = setup.others
    return replace(setup, others=(replace(other, actions=(action,)),))
