"""The outside world: gateways to markets, stores, clocks and identifiers."""
