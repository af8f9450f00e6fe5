"""What things are: values, identifiers, instruments, market data, orders, sessions, errors.

The domain imports nothing of the house and no third party beyond numpy and msgspec.
"""
