"""The configuration of one session: plain, frozen, exact, fully resolved.

Everything here that can change a record is part of the session's chain; ``name``, ``pace`` and
the places where data and code lie are not (their content is, by digest).
"""

from __future__ import annotations

from offbook.domain.config.account import RATE_PRECISION as RATE_PRECISION
from offbook.domain.config.account import AccountConfig as AccountConfig
from offbook.domain.config.account import AccountType as AccountType
from offbook.domain.config.account import CashCheck as CashCheck
from offbook.domain.config.account import MarginCall as MarginCall
from offbook.domain.config.actions import ActionKind as ActionKind
from offbook.domain.config.actions import ActionOrders as ActionOrders
from offbook.domain.config.actions import Adjustment as Adjustment
from offbook.domain.config.actions import CorporateAction as CorporateAction
from offbook.domain.config.base import RATIO_PRECISION as RATIO_PRECISION
from offbook.domain.config.base import ConfigPart as ConfigPart
from offbook.domain.config.fees import BasisPointsFee as BasisPointsFee
from offbook.domain.config.fees import DatedRate as DatedRate
from offbook.domain.config.fees import FeeConfig as FeeConfig
from offbook.domain.config.fees import FeeRounding as FeeRounding
from offbook.domain.config.fees import FlatFee as FlatFee
from offbook.domain.config.fees import PerUnitFee as PerUnitFee
from offbook.domain.config.fees import SingleFee as SingleFee
from offbook.domain.config.fees import SumFee as SumFee
from offbook.domain.config.fees import TieredFee as TieredFee
from offbook.domain.config.fees import UsRegulatoryFee as UsRegulatoryFee
from offbook.domain.config.fees import VolumeTier as VolumeTier
from offbook.domain.config.financing import BorrowRate as BorrowRate
from offbook.domain.config.financing import FinancingConfig as FinancingConfig
from offbook.domain.config.financing import InterestRate as InterestRate
from offbook.domain.config.financing import Unlisted as Unlisted
from offbook.domain.config.latency import MAX_LATENCY_NS as MAX_LATENCY_NS
from offbook.domain.config.latency import Delay as Delay
from offbook.domain.config.latency import EmpiricalDelay as EmpiricalDelay
from offbook.domain.config.latency import LatencyConfig as LatencyConfig
from offbook.domain.config.latency import LogNormalDelay as LogNormalDelay
from offbook.domain.config.latency import NormalDelay as NormalDelay
from offbook.domain.config.lifecycle import AtEnd as AtEnd
from offbook.domain.config.lifecycle import LifecycleConfig as LifecycleConfig
from offbook.domain.config.lifecycle import OnStrategyError as OnStrategyError
from offbook.domain.config.lifecycle import PauseOrders as PauseOrders
from offbook.domain.config.lifecycle import ResumeTimers as ResumeTimers
from offbook.domain.config.market import BadRows as BadRows
from offbook.domain.config.market import CombinedMarket as CombinedMarket
from offbook.domain.config.market import MarketConfig as MarketConfig
from offbook.domain.config.market import OffHours as OffHours
from offbook.domain.config.market import ReplayMarket as ReplayMarket
from offbook.domain.config.market import SourceConfig as SourceConfig
from offbook.domain.config.market import SyntheticMarket as SyntheticMarket
from offbook.domain.config.market import actions_of as actions_of
from offbook.domain.config.market import instruments_of as instruments_of
from offbook.domain.config.market import kinds_of as kinds_of
from offbook.domain.config.market import market_key as market_key
from offbook.domain.config.market import sources_of as sources_of
from offbook.domain.config.market import symbols_of as symbols_of
from offbook.domain.config.presets import Preset as Preset
from offbook.domain.config.presets import venue_preset as venue_preset
from offbook.domain.config.queue import BookStart as BookStart
from offbook.domain.config.queue import FifoQueue as FifoQueue
from offbook.domain.config.queue import ProbabilisticQueue as ProbabilisticQueue
from offbook.domain.config.queue import ProRataQueue as ProRataQueue
from offbook.domain.config.queue import QueueConfig as QueueConfig
from offbook.domain.config.queue import QueueFormula as QueueFormula
from offbook.domain.config.risk import MOST_IN_A_RATE as MOST_IN_A_RATE
from offbook.domain.config.risk import DailyLoss as DailyLoss
from offbook.domain.config.risk import OnDailyLoss as OnDailyLoss
from offbook.domain.config.risk import OrderRate as OrderRate
from offbook.domain.config.risk import RiskConfig as RiskConfig
from offbook.domain.config.session import SessionConfig as SessionConfig
from offbook.domain.config.session import StrategySpec as StrategySpec
from offbook.domain.config.session import chain_config as chain_config
from offbook.domain.config.session import decode_config as decode_config
from offbook.domain.config.session import parse_speed as parse_speed
from offbook.domain.config.session import well_formed_config as well_formed_config
from offbook.domain.config.slippage import BasisPointsSlippage as BasisPointsSlippage
from offbook.domain.config.slippage import NoSlippage as NoSlippage
from offbook.domain.config.slippage import SlippageConfig as SlippageConfig
from offbook.domain.config.slippage import SpreadSlippage as SpreadSlippage
from offbook.domain.config.slippage import SquareRootSlippage as SquareRootSlippage
from offbook.domain.config.venue import FillAt as FillAt
from offbook.domain.config.venue import Intrabar as Intrabar
from offbook.domain.config.venue import LimitGap as LimitGap
from offbook.domain.config.venue import StopGap as StopGap
from offbook.domain.config.venue import VenueConfig as VenueConfig
