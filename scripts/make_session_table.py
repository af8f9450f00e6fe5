"""Make the table of a market's trading sessions that ships with offbook.

    cd src/offbook/data/calendars
    python .../make_session_table.py XNYS XNYS.json
    python .../make_session_table.py XLON XLON.json --first 2004-01-01
    python .../make_session_table.py XETR XETR.json --first 2004-01-01
    python .../make_session_table.py 24/5 24-5.json --first 2000-01-01

Needs exchange_calendars, which is no dependency of offbook: run it from an environment of its own.
The same release of that library gives the same bytes. ``24/5`` is worked out here: every Monday to
Friday a session from 17:00 of New York the day before to 17:00. The README beside the files tells
their form.
"""

import argparse
import json
from datetime import date, datetime, time, timedelta
from importlib.metadata import version
from pathlib import Path
from zoneinfo import ZoneInfo

FIRST = "1990-01-01"
LAST = "2027-12-31"
NS_PER_MINUTE = 60 * 10**9


def minutes(nanoseconds: int) -> int:
    """Turn nanoseconds since the epoch into minutes, of which opens and closes are multiples."""
    whole, rest = divmod(nanoseconds, NS_PER_MINUTE)
    if rest:
        raise ValueError(f"{nanoseconds} ns is not on a minute")
    return whole


def exchange_sessions(code: str, first: str) -> tuple[str, str, list[tuple[str, int, int]]]:
    """Return an exchange's time zone, the source, and (date, open, close) of its sessions."""
    import exchange_calendars

    calendar = exchange_calendars.get_calendar(code, start=first, end=LAST)
    if calendar.has_break:
        raise ValueError(f"{code} has a midday break, which this table cannot tell")
    days = zip(calendar.sessions, calendar.opens, calendar.closes, strict=True)
    sessions = [
        (f"{day:%Y-%m-%d}", minutes(opens.value), minutes(closes.value))
        for day, opens, closes in days
    ]
    source = f"exchange_calendars {version('exchange_calendars')}"
    return str(calendar.tz), source, sessions


def currency_sessions(first: str) -> tuple[str, str, list[tuple[str, int, int]]]:
    """Return the same of currency markets, which have no holidays here."""
    zone = ZoneInfo("America/New_York")
    sessions = []
    day, last = date.fromisoformat(first), date.fromisoformat(LAST)
    while day <= last:
        if day.weekday() < 5:
            closes = datetime.combine(day, time(17), zone)
            opens = datetime.combine(day - timedelta(days=1), time(17), zone)
            ends = [int(moment.timestamp()) // 60 for moment in (opens, closes)]
            sessions.append((day.isoformat(), ends[0], ends[1]))
        day += timedelta(days=1)
    return str(zone), "17:00 in New York, Sunday to Friday", sessions


def table(code: str, first: str) -> str:
    """Return the JSON text for one market, a session a line."""
    found = currency_sessions(first) if code == "24/5" else exchange_sessions(code, first)
    timezone, source, sessions = found
    head = {
        "calendar": code,
        "timezone": timezone,
        "first": first,
        "last": LAST,
        "unit": "minutes since 1970-01-01T00:00Z",
        "source": source,
        "columns": ["date", "open", "close"],
    }
    lines = [json.dumps(head, indent=1).removesuffix("\n}") + ',\n "sessions": [']
    rows = [json.dumps(session, separators=(",", ":")) for session in sessions]
    return "\n".join([*lines, ",\n".join(rows), "]}", ""])


def main() -> None:
    """Write the table of the exchange named on the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("code", help="ISO 10383 code of the exchange, such as XNYS, or 24/5")
    parser.add_argument("output", type=Path)
    parser.add_argument("--first", default=FIRST, help="the first day of the table")
    arguments = parser.parse_args()
    text = table(arguments.code, arguments.first)
    arguments.output.write_text(text, encoding="ascii")
    print(f"{len(json.loads(text)['sessions'])} sessions, {len(text)} bytes")


if __name__ == "__main__":
    main()
