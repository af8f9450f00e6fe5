"""The steps from one schema to the next, oldest first; ``migration.REVISIONS`` lists them.

Each is an Alembic revision.  All steps that an opening needs run in one transaction.
"""
