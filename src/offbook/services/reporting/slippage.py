"""What a fill cost beside its price: the one formula that every report uses."""

from __future__ import annotations

from offbook.domain.instruments import Instrument
from offbook.domain.values import share_of


def slippage_of(sign: int, qty: int, px: int, twice_mid: int, instrument: Instrument) -> int:
    """What a fill cost beyond the middle of the market at its decision, in units of 10**-18.

    ``sign`` is +1 for a buy; prices and ``qty`` are in units.  Positive where the fill was worse
    than the middle, 0 where there was none (``twice_mid`` is 0).  This is the arrival-price part
    of implementation shortfall (Perold 1988); an exact half unit is rounded to even.
    """
    if not twice_mid:
        return 0
    # Twice the mid is exact where the mid itself may end on half a unit.
    return share_of(sign * qty * (2 * px - twice_mid) * instrument.notional_scale, 1, 2)
