"""zipline-reloaded: minute bars in a bundle of its own, on a calendar that never closes."""

import os
import shutil
import tempfile
import warnings
from pathlib import Path

from answering import Clock, asked, tell
from crossing import SIZE, Crossing

warnings.filterwarnings("ignore")
ROOT = tempfile.mkdtemp()
os.environ["ZIPLINE_ROOT"] = ROOT

import pandas as pd  # noqa: E402 - zipline reads where its folder is as it is imported
from zipline import run_algorithm  # noqa: E402 - zipline reads where its folder is as it is imported
from zipline.api import order, set_commission, set_slippage, symbol  # noqa: E402 - zipline reads where its folder is as it is imported
from zipline.data.bundles import ingest, register  # noqa: E402 - zipline reads where its folder is as it is imported
from zipline.finance import commission, slippage  # noqa: E402 - zipline reads where its folder is as it is imported
from zipline.utils.calendar_utils import get_calendar  # noqa: E402 - zipline reads where its folder is as it is imported

DAY = 1440
FIELDS = ["open", "high", "low", "close", "volume"]


def main():
    _, columns = asked()
    days = len(columns["ts"]) // DAY
    start = pd.Timestamp("2022-01-03")
    end = start + pd.Timedelta(days=days - 1)
    index = pd.date_range(start, periods=days * DAY, freq="1min", tz="UTC")
    minutes = pd.DataFrame({name: columns[name][: days * DAY] for name in FIELDS}, index=index)
    daily = minutes.resample("1D").agg(
        {"open": "first", "high": "max", "low": "min", "close": "last", "volume": "sum"}
    )
    daily.index = daily.index.tz_localize(None)
    daily["volume"] = 1e9

    def write(_environ, assets, minute_bars, daily_bars, adjustments, *_):
        asset = {"symbol": ["XYZ"], "asset_name": ["XYZ"], "exchange": ["X"]}
        asset |= {"start_date": [start], "end_date": [end]}
        exchange = {"exchange": ["X"], "canonical_name": ["X"], "country_code": ["US"]}
        assets.write(equities=pd.DataFrame(asset, index=[0]), exchanges=pd.DataFrame(exchange))
        minute_bars.write([(0, minutes)])
        daily_bars.write([(0, daily)])
        adjustments.write()

    register("bench", write, "24/7", start, end, minutes_per_day=DAY)
    ingest("bench", show_progress=False)
    crossing, state = Crossing("bars"), {}

    def initialize(_):
        state["asset"] = symbol("XYZ")
        set_commission(commission.NoCommission())
        set_slippage(slippage.FixedSlippage(spread=0.0))

    def handle_data(_, data):
        what = crossing.step(data.current(state["asset"], "close"))
        if what:
            order(state["asset"], what * SIZE)

    clock = Clock()
    result = run_algorithm(
        start=start,
        end=end,
        initialize=initialize,
        handle_data=handle_data,
        capital_base=1e6,
        data_frequency="minute",
        bundle="bench",
        trading_calendar=get_calendar("24/7"),
        benchmark_returns=pd.Series(0.0, index=pd.date_range(start, end, tz="UTC")),
    )
    clock.stop()
    fills = sum(map(len, result.transactions))
    tell("zipline-reloaded", clock, fills, result.portfolio_value.iloc[-1])


try:
    main()
finally:
    shutil.rmtree(Path(ROOT), ignore_errors=True)
