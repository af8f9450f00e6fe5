"""Whether the callbacks that a class defines can be called: mistakes that nothing would tell of.

A callback that is a coroutine or a generator makes an object when it is called and runs none of
its own lines, and one whose name is misspelt is never called. Both end as sessions without an
order.
"""

from __future__ import annotations

import inspect
from difflib import get_close_matches
from typing import TYPE_CHECKING, Final

from offbook.domain.errors import InvalidStrategy
from offbook.engine.strategy.callbacks import CALLBACKS

if TYPE_CHECKING:
    from offbook.engine.strategy.strategy import Strategy

_ALIKE: Final = 0.88
"""How alike a name is to a callback's (difflib's ratio) to be taken for it: ``on_quot`` and
``on_orders`` are, ``on_stopped`` and ``on_order_filled`` are names of the author's own."""


def require_callbacks(strategy: type[Strategy]) -> None:
    """Refuse a class whose callbacks would do nothing.

    Raises InvalidStrategy, naming the callback and what to write; fields ``strategy`` and
    ``callback``.
    """
    from offbook.engine.strategy.strategy import Strategy

    own = {
        name: value
        for base in reversed(strategy.__mro__)
        if issubclass(base, Strategy) and base is not Strategy
        for name, value in vars(base).items()
        if name.startswith("on_") and inspect.isfunction(value)
    }
    for name, function in own.items():
        if name in CALLBACKS:
            _require_plain(strategy, name, function)
            continue
        meant = get_close_matches(name.lower(), CALLBACKS, n=1, cutoff=_ALIKE)
        if meant and meant[0] not in own:
            raise InvalidStrategy(
                f"{strategy.__name__}.{name} is never called: did you mean {meant[0]}? (A method "
                "of your own wants a name that is less like it.)",
                strategy=strategy.__name__,
                callback=name,
            )


def _require_plain(strategy: type[Strategy], name: str, function: object) -> None:
    if inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
        what, advice = "a coroutine", "write `def`, not `async def`, and await nothing in it"
    elif inspect.isgeneratorfunction(function):
        what, advice = "a generator", "take `yield` out of it"
    else:
        return
    raise InvalidStrategy(
        f"{strategy.__name__}.{name} is {what}, of which no line would run: callbacks are plain "
        f"functions; {advice}",
        strategy=strategy.__name__,
        callback=name,
    )
