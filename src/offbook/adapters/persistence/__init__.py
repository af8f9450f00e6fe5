"""Sessions kept in SQLite. A store is one directory with one database and one writing process.

``stores`` chooses and opens stores; ``sqlite_repository`` is the repository over one of them.
Importing any of these loads no database toolkit: that happens when a store is opened.
"""
