"""What a peer's script of trades begins and ends with: a plan of orders, and what came of them."""

import importlib.metadata
import json
import sys


def asked():
    """The plan: ``bars`` (date, open, high, low, close, volume), ``cash``, ``fee``, ``rules`` and
    ``orders``, each sent at the close of the bar ``at``."""
    with open(sys.argv[1], encoding="utf-8") as file:
        return json.load(file)


def by_bar(plan):
    """The plan's orders by the bar at whose close they are sent."""
    found = {}
    for order in plan["orders"]:
        found.setdefault(order["at"], []).append(order)
    return found


def tell(distribution, fills, equity):
    """Print fills (order or None, bar, signed quantity, price, commission), and the equity at the
    last close."""
    version = importlib.metadata.version(distribution)
    print(json.dumps({"fills": fills, "equity": equity, "version": version}))


def charge(fee):
    """The commission of a whole trade, as a function of its quantity and price."""
    kind, amount = fee["type"], float(fee.get("amount", 0))
    least = float(fee.get("minimum", 0))
    if kind == "percent":
        return lambda qty, price: abs(qty) * price * amount / 100
    if kind == "per_share":
        return lambda qty, _: max(abs(qty) * amount, least)
    return lambda *_: amount
