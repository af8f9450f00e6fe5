"""Models of queues against the plain venue: one order, prints at its price and changes of its level
closer together than books at random bring them."""

from __future__ import annotations

from random import Random

import pytest
from tests.properties.reference_depth import PlainVenue
from tests.properties.reference_depth_orders import PlainOrder
from tests.properties.reference_queues import OTHER_SHARES, QUEUES
from tests.scenarios.setting import Setting

from offbook.engine.models.queues import Place, queue_model

PX, LARGE, MUCH = 100, 20, 10**6
"""Up to this size no exact share by logarithms is whole where the engine's rounded ones are not."""


@pytest.mark.parametrize("queue", [*QUEUES, *OTHER_SHARES])
def test_a_place_is_where_the_plain_one_is(queue: str) -> None:
    """And what it has of each print is the same, often something; changes leave places that are
    neither the old ones nor the whole level, or fifo would do."""
    between = served = 0
    # The other formulas leave more places where they were.
    for seed in range(700 if queue in OTHER_SHARES else 300):
        rng, plain, setting = Random(seed), PlainVenue(queue), Setting()
        setting.queue_by(*queue.split())
        model, shown = queue_model(setting.venue["queue"]), rng.randint(1, LARGE)
        levels = [(True, PX, shown), (True, PX - 1, 1), (False, PX + 1, 1)]
        plain.message(levels, 0, 0, snapshot=True)
        order = PlainOrder(name="o", buying=True, px=PX, left=MUCH)
        plain.new(order)
        place = Place(ordinal=1, side=1, px=PX, ahead=shown, shown=shown)
        for step in range(10):
            plain.fills = []
            if rng.random() < 0.4:
                size, leaves = rng.randint(1, 4), order.left
                plain.print(PX, size, seller_took=True)
                place.printed += size
                had = min(model.printed(place, size, leaves, late=0), size)
                assert [qty for _, qty, _, _ in plain.fills] == [had] * (had > 0), f"seed {seed}"
                served += had > 0
            else:
                before = place.ahead
                shown = rng.randint(max(0, shown - 6), min(LARGE, shown + 6))
                after = plain.number + 1
                plain.message([(True, PX, shown)], after, after, snapshot=False)
                if shown != place.shown:
                    model.changed(place, shown)
                    place.shown, place.printed = shown, 0
                between += place.ahead not in (before, shown)
            assert place.ahead == order.ahead, f"seed {seed}, step {step}"
    assert served > 100
    assert (between > 100) is (not queue.startswith(("fifo", "pro_rata")))
