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
    ByInstrumentFee,
    DatedFee,
    FeeConfig,
    FeeGroup,
    SharesFrom,
    TieredFee,
    VolumeOf,
    VolumeTier,
)

if TYPE_CHECKING:
    from tests.properties.market_cases import Setup

LOW = VolumeTier(volume="0", maker="2", taker="7.5")


def with_price_list(setup: Setup, clock: Clockwork) -> Setup:
    """Every third session that is charged at all: by instrument where it has several."""
    fee = setup.venue.fee
    if setup.seed % 3 or fee == BasisPointsFee(maker="0", taker="0"):
        return setup
    made = _dated(setup.seed, clock)
    if setup.others:
        made = _by_instrument(setup, made)
    elif not isinstance(fee, BasisPointsFee) or fee.minimum or fee.maximum or fee.maximum_percent:
        return setup
    parts = [
        replace(one, venue=msgspec.structs.replace(one.venue, fee=made)) for one in setup.parts
    ]
    return replace(parts[0], others=tuple(parts[1:]))


def _dated(seed: int, clock: Clockwork) -> DatedFee:
    """Some charge, then none or a rebate, then tiers that are soon reached."""
    tiers = (LOW, VolumeTier(volume="0.4", maker="-1", taker="5"))
    return DatedFee(
        rates=(
            SharesFrom(maker="10", taker="37.5"),
            SharesFrom(since=clock.text(10 + seed % 30), maker="-0.5", taker="0"),
            SharesFrom(since=clock.text(60 + seed % 60), tiers=tiers),
        ),
        volume=("0", "0.3")[seed % 2],
    )


def _by_instrument(setup: Setup, dated: DatedFee) -> ByInstrumentFee:
    """One apart, those of a kind and currency, and the others."""
    first, other = setup.parts[0].instrument, setup.parts[-1].instrument
    low = TieredFee(tiers=(LOW, VolumeTier(volume="2.5", maker="0", taker="2")))
    fee = setup.venue.fee
    assert not isinstance(fee, ByInstrumentFee)
    groups = (
        FeeGroup(symbols=(other.symbol,), fee=dated),
        FeeGroup(asset_class=first.asset_class, currency=first.quote_currency, fee=low),
        FeeGroup(fee=fee),
    )
    if setup.seed % 2:
        groups = (FeeGroup(currency=other.quote_currency, fee=low), *groups[2:])
    return ByInstrumentFee(groups=groups, volume_of=list(VolumeOf)[setup.seed // 3 % 2])


def names_of(fee: FeeConfig) -> set[str]:
    """What kinds of charges there are, those within others too."""
    within = [group.fee for group in fee.groups] if isinstance(fee, ByInstrumentFee) else []
    within += list(getattr(fee, "parts", ()))
    return {type(fee).__name__}.union(*map(names_of, within))
