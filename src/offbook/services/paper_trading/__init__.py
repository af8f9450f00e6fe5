"""Paper-trading sessions: the manager owns their lifecycle, a runner pumps each of them."""
