"""CloudWatch's metric math, as far as the alarm table uses it: + - * /, comparisons, IF, FILL, ABS, DIFF.

A missing datapoint makes what is computed from it missing, as in CloudWatch; FILL replaces it.
"""

import ast
import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

Value = float | None

_OPERATORS: Mapping[type, Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.GtE: operator.ge,
    ast.Gt: operator.gt,
    ast.LtE: operator.le,
    ast.Lt: operator.lt,
}


def evaluate(expression: str, series: Mapping[str, Sequence[Value]], index: int = -1) -> Value:
    """Compute an expression for one period.

    Args:
        expression: for example ``IF(n >= 20, 100 * FILL(e, 0) / n, 0)``.
        series: values per id, one a period, oldest first; None where the series has no datapoint.
        index: of the period.

    Raises:
        NotImplementedError: the expression has something else in it.
    """
    return _Period(series, index).value(ast.parse(expression, mode="eval").body)


@dataclass(frozen=True)
class _Period:
    """One period of some series."""

    series: Mapping[str, Sequence[Value]]
    index: int

    def value(self, node: ast.expr) -> Value:
        if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
            return float(node.value)
        if isinstance(node, ast.Name):
            return self.series[node.id][self.index]
        if isinstance(node, ast.BinOp):
            return _apply(type(node.op), self.value(node.left), self.value(node.right))
        if isinstance(node, ast.Compare) and len(node.ops) == 1:
            right = self.value(node.comparators[0])
            return _apply(type(node.ops[0]), self.value(node.left), right)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            return self._call(node.func.id, node.args)
        raise NotImplementedError(f"{ast.unparse(node)} in an alarm's expression is not rehearsed")

    def _call(self, name: str, arguments: list[ast.expr]) -> Value:
        if name == "FILL" and len(arguments) == 2:
            found = self.value(arguments[0])
            return self.value(arguments[1]) if found is None else found
        if name == "IF" and len(arguments) == 3:
            condition = self.value(arguments[0])
            if condition is None:
                return None
            return self.value(arguments[1] if condition else arguments[2])
        if name == "ABS" and len(arguments) == 1:
            found = self.value(arguments[0])
            return None if found is None else abs(found)
        if name == "DIFF" and len(arguments) == 1 and isinstance(arguments[0], ast.Name):
            return self._difference(self.series[arguments[0].id])
        raise NotImplementedError(f"{name} in an alarm's expression is not rehearsed")

    def _difference(self, values: Sequence[Value]) -> Value:
        """Return a value less the one before it, however many periods lie between the two."""
        end = len(values) + self.index if self.index < 0 else self.index
        before = [one for one in values[:end] if one is not None]
        now = values[end]
        return now - before[-1] if before and now is not None else None


def _apply(kind: type, left: Value, right: Value) -> Value:
    if left is None or right is None:
        return None
    if kind is ast.Div:
        return left / right if right else None
    if kind not in _OPERATORS:
        raise NotImplementedError(f"{kind.__name__} in an alarm's expression is not rehearsed")
    return float(_OPERATORS[kind](left, right))
