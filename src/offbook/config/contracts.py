"""The terms of contracts in a market's description."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from offbook.config.settings import absolute
from offbook.domain.config import SettlementPrice
from offbook.domain.contracts import ContractTerms
from offbook.domain.instruments import AssetClass

if TYPE_CHECKING:
    from offbook.config.markets import MarketDescription

_TERMS = {
    "multiplier": "multiplier",
    "inverse": "is_inverse",
    "expires": "expires",
    "settles": "settles",
    "contract_margin": "initial_margin",
    "contract_maintenance": "maintenance_margin",
}


def contract_of(known: MarketDescription) -> ContractTerms | msgspec.UnsetType:
    """The terms that are told; those of a future are as they are usual where nothing is.

    Raises InvalidConfig.
    """
    told = {
        ours: value for name, ours in _TERMS.items() if (value := getattr(known, name)) is not None
    }
    if not told and known.asset_class is not AssetClass.FUTURE:
        return msgspec.UNSET
    return ContractTerms(**told)


def settlements_told(known: MarketDescription, symbol: str) -> tuple[SettlementPrice, ...]:
    """The settlement prices of a symbol, of the file that is named where one is.

    Raises InvalidConfig, naming file and row.
    """
    if not isinstance(known.settlements, str):
        return known.settlements or ()
    from offbook.adapters.action_files import read_settlements

    return read_settlements(absolute(Path(known.settlements)), symbol)
