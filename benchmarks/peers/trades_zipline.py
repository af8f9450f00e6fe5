"""A plan of orders in zipline-reloaded: daily bars in a bundle of its own."""

import os
import shutil
import tempfile
import warnings
from pathlib import Path

from trading import asked, by_bar, tell

warnings.filterwarnings("ignore")
ROOT = tempfile.mkdtemp()
os.environ["ZIPLINE_ROOT"] = ROOT

import pandas as pd  # noqa: E402 - zipline reads where its folder is as it is imported
from zipline import api, run_algorithm  # noqa: E402 - zipline reads where its folder is as it is imported
from zipline.data.bundles import ingest, register  # noqa: E402 - zipline reads where its folder is as it is imported
from zipline.finance import commission, slippage  # noqa: E402 - zipline reads where its folder is as it is imported
from zipline.utils.calendar_utils import get_calendar  # noqa: E402 - zipline reads where its folder is as it is imported

FIELDS = ["open", "high", "low", "close", "volume"]
SPLITS = ["sid", "ratio", "effective_date"]
DIVIDENDS = ["sid", "amount", "ex_date", "declared_date", "record_date", "pay_date"]


def frames_of(actions):
    """Splits and dividends as zipline keeps them; its ratio is old for new."""
    splits = pd.DataFrame(columns=SPLITS)
    dividends = pd.DataFrame(columns=DIVIDENDS)
    for action in actions:
        ex = pd.Timestamp(action["ex"])
        if action["kind"] == "split":
            new, old = action["ratio"].split(":")
            splits.loc[len(splits)] = [0, int(old) / int(new), ex]
        else:
            pay = pd.Timestamp(action["pay"])
            dividends.loc[len(dividends)] = [0, float(action["amount"]), ex, ex, ex, pay]
    return splits.astype({"sid": int, "ratio": float}), dividends.astype({"sid": int})


def charged(fee):
    """The plan's commission."""
    kind, amount = fee["type"], float(fee.get("amount", 0))
    if kind == "percent":
        return commission.PerDollar(cost=amount / 100)
    if kind == "per_share":
        return commission.PerShare(cost=amount, min_trade_cost=float(fee["minimum"]))
    if kind == "per_order":
        return commission.PerTrade(cost=amount)
    return commission.NoCommission()


def slipping(rules):
    """The plan's slippage."""
    if "bps" in rules:
        return slippage.FixedBasisPointsSlippage(basis_points=rules["bps"], volume_limit=1.0)
    if "impact" in rules:
        return slippage.VolumeShareSlippage(volume_limit=0.025, price_impact=rules["impact"])
    return slippage.NoSlippage()


def make_bundle(plan):
    """Write the bars and what happens to the share where zipline looks for them."""
    dates = pd.to_datetime([row[0] for row in plan["bars"]])
    rows = [row[1:] for row in plan["bars"]]
    daily = pd.DataFrame(rows, columns=FIELDS, index=dates).astype(float)
    splits, dividends = frames_of(plan["actions"])

    def write(_environ, assets, _minutes, daily_bars, adjustments, *_):
        asset = {"symbol": ["XYZ"], "asset_name": ["XYZ"], "exchange": ["X"]}
        asset |= {"start_date": [dates[0]], "end_date": [dates[-1]]}
        exchange = {"exchange": ["X"], "canonical_name": ["X"], "country_code": ["US"]}
        assets.write(equities=pd.DataFrame(asset, index=[0]), exchanges=pd.DataFrame(exchange))
        daily_bars.write([(0, daily)])
        adjustments.write(splits=splits, dividends=dividends)

    register("trades", write, "XNYS", dates[0], dates[-1])
    ingest("trades", show_progress=False)
    return dates


class Sending:
    """Sends what the plan says, at each close."""

    def __init__(self, plan):
        self.rules, self.fee, self.orders = plan["rules"], plan["fee"], by_bar(plan)
        self.sent, self.bar = {}, -1

    def initialize(self, _):
        self.asset = api.symbol("XYZ")
        api.set_commission(charged(self.fee))
        api.set_slippage(slipping(self.rules))
        api.set_cancel_policy(api.cancel_policy.NeverCancel())

    def handle_data(self, context, _):
        self.bar += 1
        for one in self.orders.get(self.bar, ()):
            if "cancel" in one:
                found = self.sent.get(one["cancel"])
                if found is not None:
                    api.cancel_order(found)
                continue
            held = context.portfolio.positions[self.asset].amount
            size = held if one["qty"] == "all" else one["qty"]
            if size:
                self.send(one, int(size) if one["side"] == "buy" else -int(size))

    def send(self, one, size):
        names = {"price": "limit_price", "stop": "stop_price"}
        prices = {there: float(one[name]) for name, there in names.items() if name in one}
        self.sent[one["id"]] = api.order(self.asset, size, **prices)


def fills_of(result):
    """Fills; what an order was charged is told as a sum that grows with them."""
    fills, charges = [], {}
    for at, day in enumerate(result.orders):
        grew = {one["id"]: (one["commission"] or 0) - charges.get(one["id"], 0) for one in day}
        charges.update({one["id"]: one["commission"] or 0 for one in day})
        for done in result.transactions.iloc[at]:
            fee = grew.get(done["order_id"], 0.0)
            fills.append([None, at, done["amount"], done["price"], fee])
    return fills


def main():
    plan = asked()
    dates = make_bundle(plan)
    sending = Sending(plan)
    result = run_algorithm(
        start=dates[0],
        end=dates[-1],
        initialize=sending.initialize,
        handle_data=sending.handle_data,
        capital_base=float(plan["cash"]),
        data_frequency="daily",
        bundle="trades",
        trading_calendar=get_calendar("XNYS"),
        benchmark_returns=pd.Series(0.0, index=pd.to_datetime(dates).tz_localize("UTC")),
    )
    tell("zipline-reloaded", fills_of(result), float(result.portfolio_value.iloc[-1]))


try:
    main()
finally:
    shutil.rmtree(Path(ROOT), ignore_errors=True)
