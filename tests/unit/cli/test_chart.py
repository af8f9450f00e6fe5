"""Lines drawn in characters."""

from __future__ import annotations

from offbook.cli.chart import MOST_POINTS, Mark, Trace, draw, sparkline


def text(rows: list[list[object]]) -> list[str]:
    """The characters alone."""
    return ["".join(cell[0] for cell in row) for row in rows]  # type: ignore[index] # cells are tuples


def test_a_rising_line_goes_from_the_lower_left_to_the_upper_right() -> None:
    """Every column holds a dot, and the corners are reached."""
    rows = text(draw([(ts, float(ts)) for ts in range(16)], [], 8, 4))  # type: ignore[arg-type] # cells are tuples
    assert [len(row) for row in rows] == [8] * 4
    assert rows[0][-1] != " "
    assert rows[-1][0] != " "
    assert rows[0][0] == rows[-1][-1] == " "
    assert all(any(row[x] != " " for row in rows) for x in range(8))


def test_fills_stand_where_and_when_they_were() -> None:
    """Buys point up, sells down; those outside the line's time are not shown."""
    points = [(0, 0.0), (100, 10.0)]
    marks = [Mark(0, 0.0, 1), Mark(100, 10.0, -1), Mark(200, 5.0, 1)]
    rows = draw(points, marks, 10, 5)
    assert (rows[4][0].text, rows[4][0].style) == ("▲", "buy")
    assert (rows[0][9].text, rows[0][9].style) == ("▼", "sell")
    assert sum(cell.text in "▲▼" for row in rows for cell in row) == 2


def test_what_cannot_be_drawn_is_blank() -> None:
    """No points, no room, and one level price in the middle."""
    assert text(draw([], [], 3, 2)) == ["   ", "   "]  # type: ignore[arg-type] # cells are tuples
    assert draw([(1, 1.0)], [], 0, 2) == [[], []]
    level = text(draw([(1, 5.0), (2, 5.0)], [], 4, 3))  # type: ignore[arg-type] # cells are tuples
    assert [row.strip() == "" for row in level] == [True, False, True]
    assert sparkline([], 5) == ""


def test_a_trace_keeps_its_beginning_and_end_and_stays_small() -> None:
    """However long it is added to."""
    trace = Trace()
    for ts in range(50 * MOST_POINTS):
        trace.add(ts, float(ts))
        assert len(trace.points) <= MOST_POINTS
    assert trace.points[0] == (0, 0.0)
    assert trace.points[-1][1] == 50 * MOST_POINTS - 1
    assert trace.points == sorted(trace.points)
    assert len(trace.points) > MOST_POINTS // 4


def test_a_sparkline_shows_lowest_and_highest() -> None:
    """In as many characters as there is room for, and no more than there are values."""
    assert sparkline([0.0, 1.0], 10) == "▁█"
    line = sparkline([float(v) for v in range(100)], 10)
    assert (len(line), line[0], line[-1]) == (10, "▁", "█")
