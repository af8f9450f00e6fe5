"""Why there was no trade: what stood between a strategy and a fill at a moment."""
