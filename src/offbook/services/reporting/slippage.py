"""What a fill cost beside its price: the one formula that every report uses."""

from __future__ import annotations

from offbook.domain.instruments import Instrument
from offbook.domain.records import OrderFilled
from offbook.domain.values import share_of


def slippage_of(sign: int, qty: int, px: int, twice_mid: int, instrument: Instrument) -> int:
    """What a fill cost beyond the middle of the market at its decision, in units of 10**-18.

    ``sign`` is +1 for a buy; prices and ``qty`` are in units.  Positive where the fill was worse
    than the middle, 0 where there was none (``twice_mid`` is 0).  This is the arrival-price part
    of implementation shortfall (Perold 1988); an exact half unit is rounded to even.
    """
    if not twice_mid:
        return 0
    if instrument.is_inverse:
        # Who buys owes so much more of the base currency at a lower price.
        return sign * (instrument.value_of(qty, twice_mid, 2) - instrument.value_of(qty, px))
    # Twice the mid is exact where the mid itself may end on half a unit.
    return share_of(sign * qty * (2 * px - twice_mid) * instrument.notional_scale, 1, 2)


def parts_of(record: OrderFilled, twice_decision: int, instrument: Instrument) -> tuple[int, int]:
    """Spread and impact in what a fill cost beyond the middle at its decision (10**-18).

    The spread is what the price without modelled slippage was beyond the middle of the market that
    the fill traded against, as its evidence shows it: positive for who crossed it, negative for who
    was paid it, 0 where the data shows no bid and ask.  The impact is the modelled slippage.  What
    is left of the cost is the move of the middle in between; without a middle at the decision
    (``twice_decision`` is 0) nothing is said at all.
    """
    evidence, qty = record.evidence, record.last_qty
    if not twice_decision:
        return 0, 0
    base = record.last_px if evidence.base_px is None else evidence.base_px
    impact = record.side.sign * (
        instrument.value_of(qty, record.last_px) - instrument.value_of(qty, base)
    )
    if instrument.is_inverse:
        impact = -impact
    if evidence.bid_px is None or evidence.ask_px is None:
        return 0, impact
    twice_mid = evidence.bid_px + evidence.ask_px
    return slippage_of(record.side.sign, qty, base, twice_mid, instrument), impact
