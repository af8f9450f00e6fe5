"""Market rows on their way: shown to a strategy, or passed over to the next that matters."""
