"""A made-up market: seeded quotes or bars, the same on every machine, read from any place.

No float takes part.  Read from the outside in: ``gateway`` (asyncio) serves ``quote_rows`` or
``bar_rows`` out of a ``walk``, which makes pages of rows; ``chapters`` hold what concerns 256 rows
at once, ``trading_time`` the hours, ``recipe`` the configuration as integers; ``hashing``,
``tables``, ``quantiles`` and ``powers`` are the arithmetic.
"""
