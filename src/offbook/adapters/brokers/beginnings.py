"""Whether a market's data begins early enough for what it says of its instrument."""

from __future__ import annotations

import msgspec

from offbook.adapters.brokers.replay.times import iso
from offbook.domain.errors import InvalidConfig
from offbook.domain.instruments import Instrument


def expiry_of(instrument: Instrument) -> int | None:
    """When a contract ends (ns UTC); None for what does not."""
    terms = instrument.contract
    return None if terms is msgspec.UNSET else terms.expiry_ts


def require_before_expiry(instrument: Instrument, first_ts: int, origin: str) -> None:
    """Raise InvalidConfig for a contract that has ended when its data (of a file, or whatever
    ``origin`` says) begins at ``first_ts``: every order would be denied."""
    expiry = expiry_of(instrument)
    if expiry is None or first_ts < expiry:
        return
    raise InvalidConfig(
        f"{origin}: {instrument.symbol} expires at {iso(expiry)}, and its data begins at "
        f"{iso(first_ts)}, when it trades no more: give the contract's own expiry (--expires), or "
        "data from before it",
        field="instrument.contract.expires",
        symbol=instrument.symbol,
        file=origin,
    )
