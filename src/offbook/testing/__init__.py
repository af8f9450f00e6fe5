"""Shipped for tests: fakes that pass the contracts, builders of markets, and the contract suites.

Each name is imported from its own module, for example
``from offbook.testing.scripted_gateway import ScriptedGateway``.
"""
