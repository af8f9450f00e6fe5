"""At which of two prices more is at stake."""

from __future__ import annotations

from offbook.domain.instruments import Instrument


def is_dearer(px: int, than: int, instrument: Instrument) -> bool:
    """Whether at a price more is at stake than at another: inverse contracts are worth the more the
    lower it is."""
    return px < than if instrument.is_inverse else px > than


def dearer(px: int, other: int, instrument: Instrument) -> int:
    """That of two prices at which more is at stake; 0 is none."""
    if instrument.is_inverse and px and other:
        return min(px, other)
    return max(px, other)
