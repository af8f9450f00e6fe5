"""Gateways: every way of opening a market. None of them can send an order."""
