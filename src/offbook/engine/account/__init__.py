"""Money and positions: funds, margin, costs, and payments that come without a trade."""
