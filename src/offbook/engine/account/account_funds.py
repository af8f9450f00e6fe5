"""Which funds an account has, by its configuration."""

from __future__ import annotations

from offbook.domain.config import AccountConfig, MarginMode, VenueConfig
from offbook.domain.instruments import Instrument
from offbook.engine.account.cash_funds import CashFunds
from offbook.engine.account.funds import Funds
from offbook.engine.account.isolated_funds import IsolatedFunds
from offbook.engine.account.margin import MarginFunds
from offbook.engine.account.valuation import Valuation
from offbook.engine.ledger.ledger import LedgerState
from offbook.engine.models.fees import Charges


def funds_of(
    account: AccountConfig,
    venue: VenueConfig,
    charges: Charges,
    valuation: Valuation,
    ledger: LedgerState,
    instruments: dict[str, Instrument],
) -> Funds:
    """The funds of an account of the configured type."""
    if not account.is_margin:
        return CashFunds(account, venue, charges, valuation, ledger)
    isolated = account.margin_mode is MarginMode.ISOLATED
    kind = IsolatedFunds if isolated else MarginFunds
    return kind(account, venue, charges, valuation, ledger, instruments)
