"""Conditions on parameters, such as ``fast < slow and slow - fast >= 20``: read, never executed.

A condition is parsed, held to a short list of what may stand in it, and made into functions.
Numbers are exact (fractions), so that ``0.1 + 0.2 == 0.3`` is true.
"""

from __future__ import annotations

import ast
import difflib
import operator
from collections.abc import Callable, Collection, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

from offbook.domain.errors import InvalidConfig

LONGEST: Final = 500
"""Characters of a condition."""

_LARGEST: Final = 400
"""Digits before the point, or zeros after it: more than any float has."""

Condition = Callable[[Mapping[str, Any]], bool]
"""Whether a cell with these parameters (JSON values) is wanted. Raises InvalidConfig."""

_Value = Callable[[Mapping[str, Any]], Any]
_ORDERS: Final[dict[type[ast.cmpop], Callable[[Any, Any], Any]]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.In: lambda one, many: one in many,
    ast.NotIn: lambda one, many: one not in many,
}
_SUMS: Final[dict[type[ast.operator], Callable[[Any, Any], Any]]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
}
_CALLS: Final[dict[str, Callable[..., Any]]] = {"abs": abs, "min": min, "max": max}


def parse_condition(text: str, names: Collection[str]) -> Condition:
    """A condition over the parameters ``names``.

    There may be names, numbers, texts in quotes, ``+ - * / // %``, comparisons, ``in (..)``,
    ``and``, ``or``, ``not``, ``abs``, ``min`` and ``max``.  Raises InvalidConfig for anything else.
    """
    if len(text) > LONGEST:
        raise InvalidConfig(f"a condition has at most {LONGEST} characters", field="where")
    try:
        tree = ast.parse(text.strip(), mode="eval")
        value = _Reader(text, names).read(tree.body)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        what = error.msg if isinstance(error, SyntaxError) else str(error)
        raise InvalidConfig(
            f"condition {text!r} cannot be read ({what}): write it like 'fast < slow'",
            field="where",
        ) from None

    def holds(params: Mapping[str, Any]) -> bool:
        try:
            found = value(params)
        except (TypeError, ArithmeticError) as error:
            raise InvalidConfig(
                f"condition {text!r} cannot be decided for {_told(params, names)}: {error}",
                field="where",
            ) from None
        if not isinstance(found, bool):
            raise InvalidConfig(
                f"condition {text!r} is neither true nor false: compare it with something",
                field="where",
            )
        return found

    return holds


class _Reader:
    """Makes a function of each node that is allowed."""

    def __init__(self, text: str, names: Collection[str]) -> None:
        self._text = text.strip()
        self._names = names

    def read(self, node: ast.expr) -> _Value:
        """What the node says, as a function of the parameters. Raises InvalidConfig."""
        for kind, make in _READERS.items():
            if isinstance(node, kind):
                return make(self, node)
        raise self.refused(node)

    def constant(self, node: ast.Constant) -> _Value:
        value: Any = node.value
        if isinstance(value, float):  # as it was written, not as the nearest binary number
            value = _fraction(ast.get_source_segment(self._text, node) or repr(value))
        elif isinstance(value, int) and not isinstance(value, bool):
            value = Fraction(value)
        elif not isinstance(value, (str, bool)):
            raise self.refused(node)
        value = _exact(value)
        return lambda _: value

    def name(self, node: ast.Name) -> _Value:
        name = node.id
        if name in ("true", "false"):
            return lambda _: name == "true"
        if name not in self._names:
            near = difflib.get_close_matches(name, self._names, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise InvalidConfig(
                f"condition {self._text!r}: there is no parameter {name!r}{hint} "
                f"(there are: {', '.join(self._names)})",
                field="where",
            )
        return lambda params: _exact(params[name])

    def compare(self, node: ast.Compare) -> _Value:
        first = self.read(node.left)
        rest = [
            (self._known(_ORDERS, kind, node), self.read(right))
            for kind, right in zip(node.ops, node.comparators, strict=True)
        ]

        def compared(params: Mapping[str, Any]) -> bool:
            left = first(params)
            for order, right_of in rest:
                right = right_of(params)
                if not order(left, right):
                    return False
                left = right
            return True

        return compared

    def joined(self, node: ast.BoolOp) -> _Value:
        parts = [self.read(part) for part in node.values]
        if isinstance(node.op, ast.And):
            return lambda params: all(_truth(part(params)) for part in parts)
        return lambda params: any(_truth(part(params)) for part in parts)

    def sum(self, node: ast.BinOp) -> _Value:
        count = self._known(_SUMS, node.op, node)
        left, right = self.read(node.left), self.read(node.right)
        return lambda params: count(_number(left(params)), _number(right(params)))

    def sign(self, node: ast.UnaryOp) -> _Value:
        part = self.read(node.operand)
        if isinstance(node.op, ast.Not):
            return lambda params: not _truth(part(params))
        if isinstance(node.op, ast.USub):
            return lambda params: -_number(part(params))
        if isinstance(node.op, ast.UAdd):
            return lambda params: _number(part(params))
        raise self.refused(node)

    def many(self, node: ast.Tuple | ast.List | ast.Set) -> _Value:
        parts = [self.read(part) for part in node.elts]
        return lambda params: [part(params) for part in parts]

    def call(self, node: ast.Call) -> _Value:
        known = isinstance(node.func, ast.Name) and _CALLS.get(node.func.id)
        if not known or node.keywords or not node.args:
            raise self.refused(node)
        parts = [self.read(part) for part in node.args]
        return lambda params: known(*(_number(part(params)) for part in parts))

    def refused(self, node: ast.AST) -> InvalidConfig:
        """What may not stand there."""
        part = ast.get_source_segment(self._text, node) or type(node).__name__
        return InvalidConfig(
            f"condition {self._text!r}: {part!r} is not allowed; there may be parameters, numbers, "
            "+ - * / // %, comparisons, and, or, not, abs, min and max",
            field="where",
        )

    def _known(
        self, table: Mapping[Any, Callable[[Any, Any], Any]], kind: ast.AST, node: ast.AST
    ) -> Callable[[Any, Any], Any]:
        found = table.get(type(kind))
        if found is None:
            raise self.refused(node)
        return found


_READERS: Final[dict[type[ast.expr] | tuple[type[ast.expr], ...], Callable[..., _Value]]] = {
    ast.Constant: _Reader.constant,
    ast.Name: _Reader.name,
    ast.Compare: _Reader.compare,
    ast.BoolOp: _Reader.joined,
    ast.BinOp: _Reader.sum,
    ast.UnaryOp: _Reader.sign,
    (ast.Tuple, ast.List, ast.Set): _Reader.many,
    ast.Call: _Reader.call,
}


def _exact(value: Any) -> Any:
    """A parameter's value to be counted with: numbers, and text that is one, as fractions."""
    if isinstance(value, bool | Fraction) or value is None:
        return value
    if isinstance(value, float):
        return _fraction(repr(value))
    if isinstance(value, int):
        return Fraction(value)
    if isinstance(value, str):
        try:
            return _fraction(value)
        except ValueError:
            return value
    raise TypeError(f"{value!r} is neither a number nor a text")


def _fraction(text: str) -> Fraction:
    """Decimal text as a number. Raises ValueError, also where it would fill the memory."""
    try:
        number = Decimal(text.strip())
    except ArithmeticError:
        raise ValueError(f"{text!r} is no number") from None
    if not number.is_finite() or abs(number.adjusted()) > _LARGEST:
        raise ValueError(f"{text!r} is no number that can be compared")
    return Fraction(number)


def _number(value: Any) -> Any:
    if not isinstance(value, Fraction):
        raise TypeError(f"{value!r} is no number")
    return value


def _truth(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError("'and', 'or' and 'not' join conditions, not numbers")
    return value


def _told(params: Mapping[str, Any], names: Collection[str]) -> str:
    return " ".join(f"{name}={params[name]}" for name in names if name in params)
