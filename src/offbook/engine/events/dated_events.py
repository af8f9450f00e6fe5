"""What happens at its date, whatever the market and the strategy do: one door to all of it."""

from __future__ import annotations

from offbook.engine.account.cash_flows import Dividends
from offbook.engine.account.financing import Financing
from offbook.engine.account.funding import Funding
from offbook.engine.account.settlement import Settlement
from offbook.engine.agenda import (
    AccrualDue,
    ActionDue,
    ContractExpires,
    ContractSettles,
    FlowDue,
    FundingDue,
    SettlementDue,
)
from offbook.engine.events.contract_settlement import ContractSettlement
from offbook.engine.events.corporate_actions import CorporateActions
from offbook.engine.kernel import Kernel
from offbook.engine.venue.venue import Venue

DatedEvent = (
    ActionDue
    | FlowDue
    | AccrualDue
    | SettlementDue
    | FundingDue
    | ContractSettles
    | ContractExpires
)


class DatedEvents:
    """Schedules and carries out the dated events of one session."""

    def __init__(self, kernel: Kernel, venue: Venue) -> None:
        self._dividends = Dividends(kernel)
        self._actions = CorporateActions(kernel, venue, self._dividends)
        self._financing = Financing(kernel)
        self._settlement = Settlement(kernel)
        self._funding = Funding(kernel)
        self._contracts = ContractSettlement(kernel, venue)

    def schedule(self) -> None:
        """The session has begun: all that is to come falls due at its time."""
        self._actions.schedule()
        self._financing.schedule()
        self._funding.schedule()
        self._contracts.schedule()

    def carry_out(self, item: DatedEvent) -> None:
        """One of them is due."""
        if isinstance(item, ActionDue):
            self._actions.carry_out(item.number)
        elif isinstance(item, FlowDue):
            self._dividends.pay(item)
        elif isinstance(item, AccrualDue):
            self._financing.accrue()
        elif isinstance(item, SettlementDue):
            self._settlement.settle(item)
        elif isinstance(item, FundingDue):
            self._funding.exchange(item)
        elif isinstance(item, ContractSettles):
            self._contracts.settle(item)
        else:
            self._contracts.expire(item)
