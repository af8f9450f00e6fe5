"""Made-up price lists: charges by instrument, and rates that change while a session runs.

They take the place of other charges without a draw, so that all else of a session stays what it
was.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import msgspec
from tests.properties.event_cases import Clockwork

from offbook.domain.config import (
    BasisPointsFee,
    BoundedFee,
    ByInstrumentFee,
    DatedFee,
    FeeConfig,
    FeeGroup,
    FlatFee,
    OneInstrumentsFee,
    PerUnitFee,
    SharesFrom,
    SingleFee,
    SumFee,
    TieredFee,
    VolumeOf,
    VolumeTier,
)

if TYPE_CHECKING:
    from tests.properties.market_cases import Setup

STEPS = ("0.4", "2.5", "20", "60", "150", "300", "600", "1000", "2000", "5000", "20000", "99999.5")
TIERS = (
    VolumeTier(volume="0", maker="2", taker="70"),
    VolumeTier(volume="0.02", maker="-1", taker="65"),
    *(VolumeTier(volume=at, maker="0", taker=f"{60 - 5 * n}") for n, at in enumerate(STEPS)),
)
"""So many that it is seen what counts."""


def with_price_list(setup: Setup, clock: Clockwork) -> Setup:
    """Every third session that is charged at all: by instrument where it has several."""
    fee = setup.venue.fee
    if setup.seed % 3 or fee == BasisPointsFee(maker="0", taker="0"):
        return setup
    dated = _dated(setup.seed, clock)
    priced = _bounded(setup.seed, dated) if setup.seed % 2 else dated
    made = _by_instrument(setup, priced) if setup.others else priced
    parts = [
        replace(one, venue=msgspec.structs.replace(one.venue, fee=made)) for one in setup.parts
    ]
    return replace(parts[0], others=tuple(parts[1:]))


def _dated(seed: int, clock: Clockwork) -> DatedFee:
    """Some charge, then none or a rebate, then tiers that are soon reached."""
    return DatedFee(
        rates=(
            SharesFrom(maker="10", taker="37.5"),
            SharesFrom(since=clock.text(10 + seed % 30), maker="-0.5", taker="0"),
            SharesFrom(since=clock.text(60 + seed % 60), tiers=TIERS),
        ),
        volume=("0", "0.3")[seed % 2],
    )


def _bounded(seed: int, dated: SingleFee) -> OneInstrumentsFee:
    """The same and another with bounds in common, alone or beside what lies outside."""
    bounds = [
        {"minimum": "0.35", "maximum_percent": "0.5"},
        {"minimum_percent": "0.2", "maximum": "2.5"},
        {"maximum_percent": "0.05"},
    ]
    both = BoundedFee(
        parts=(dated, PerUnitFee(per_unit="0.0035")), **bounds[seed // 7 % len(bounds)]
    )
    if seed % 8 == 3:  # what is charged on top goes without rebates
        parts = (BasisPointsFee(maker="2", taker="37.5"), PerUnitFee(per_unit="0.0035"))
        both = msgspec.structs.replace(both, parts=parts, surcharge_percent="18")
    return both if seed % 4 == 1 else SumFee(parts=(FlatFee(per_order="0.0049"), both))


def _by_instrument(setup: Setup, priced: OneInstrumentsFee) -> ByInstrumentFee:
    """One apart, those of a kind and currency, and the others."""
    first, other = setup.parts[0].instrument, setup.parts[-1].instrument
    low = TieredFee(tiers=TIERS)
    fee = setup.venue.fee
    assert not isinstance(fee, ByInstrumentFee)
    groups = (
        FeeGroup(symbols=(other.symbol,), fee=priced),
        FeeGroup(asset_class=first.asset_class, currency=first.quote_currency, fee=low),
        FeeGroup(fee=fee),
    )
    if setup.seed // 6 % 2:
        groups = (FeeGroup(currency=other.quote_currency, fee=low), FeeGroup(fee=priced))
    return ByInstrumentFee(groups=groups, volume_of=list(VolumeOf)[setup.seed // 3 % 2])


def names_of(fee: FeeConfig) -> set[str]:
    """What kinds of charges there are, those within others too."""
    within = [group.fee for group in fee.groups] if isinstance(fee, ByInstrumentFee) else []
    within += list(getattr(fee, "parts", ()))
    name = "round_each" if getattr(fee, "round_each", False) else type(fee).__name__
    name = "surcharge" if getattr(fee, "surcharge_percent", None) else name
    return {name, type(fee).__name__}.union(*map(names_of, within))
