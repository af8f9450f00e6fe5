"""Worker processes that take sessions up."""
