"""Make the table of an exchange's trading sessions that ships with offbook.

    python scripts/make_session_table.py XNYS src/offbook/data/calendars/XNYS.json

Needs exchange_calendars, which is no dependency of offbook: run it from an environment of its own.
The same release of that library gives the same bytes. The README beside the file tells its form.
"""

import argparse
import json
from importlib.metadata import version
from pathlib import Path

import exchange_calendars

FIRST = "1990-01-01"
LAST = "2027-12-31"
NS_PER_MINUTE = 60 * 10**9


def minutes(nanoseconds: int) -> int:
    """Turn nanoseconds since the epoch into minutes, of which opens and closes are multiples."""
    whole, rest = divmod(nanoseconds, NS_PER_MINUTE)
    if rest:
        raise ValueError(f"{nanoseconds} ns is not on a minute")
    return whole


def table(code: str) -> str:
    """Return the JSON text for one exchange, a session a line."""
    calendar = exchange_calendars.get_calendar(code, start=FIRST, end=LAST)
    if calendar.has_break:
        raise ValueError(f"{code} has a midday break, which this table cannot tell")
    head = {
        "calendar": code,
        "timezone": str(calendar.tz),
        "first": FIRST,
        "last": LAST,
        "unit": "minutes since 1970-01-01T00:00Z",
        "source": f"exchange_calendars {version('exchange_calendars')}",
        "columns": ["date", "open", "close"],
    }
    lines = [json.dumps(head, indent=1).removesuffix("\n}") + ',\n "sessions": [']
    sessions = [
        json.dumps([f"{date:%Y-%m-%d}", minutes(opens.value), minutes(closes.value)])
        for date, opens, closes in zip(
            calendar.sessions, calendar.opens, calendar.closes, strict=True
        )
    ]
    return "\n".join([*lines, ",\n".join(row.replace(" ", "") for row in sessions), "]}", ""])


def main() -> None:
    """Write the table of the exchange named on the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("code", help="ISO 10383 code of the exchange, such as XNYS")
    parser.add_argument("output", type=Path)
    arguments = parser.parse_args()
    text = table(arguments.code)
    arguments.output.write_text(text, encoding="ascii")
    print(f"{len(json.loads(text)['sessions'])} sessions, {len(text)} bytes")


if __name__ == "__main__":
    main()
