"""Recordings on disk: CSV, CSV.gz and Parquet files of one instrument's quotes or bars.

Read from the outside in: ``gateway`` (asyncio) keeps one worker thread a feed, in which ``reader``
walks a file piece by piece; ``source`` looks at the file, ``columns`` finds its columns, ``query``
has duckdb fetch them through ``arrow``, and ``rows`` turns cells into exact integers (``numbers``,
``times``) and refuses or drops what cannot be true (``faults``).
"""
