"""CloudWatch's metric math, as far as the alarm table uses it: + - * /, comparisons, IF and FILL.

A missing datapoint makes what is computed from it missing, as in CloudWatch; FILL replaces it.
"""

import ast
import operator
from collections.abc import Callable, Mapping

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


def evaluate(expression: str, values: Mapping[str, Value]) -> Value:
    """Compute an expression for one period.

    Args:
        expression: for example ``IF(n >= 20, 100 * FILL(e, 0) / n, 0)``.
        values: one value per series id, None where the series has no datapoint.

    Raises:
        NotImplementedError: the expression has something else in it.
    """
    return _value(ast.parse(expression, mode="eval").body, values)


def _value(node: ast.expr, values: Mapping[str, Value]) -> Value:
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        return float(node.value)
    if isinstance(node, ast.Name):
        return values[node.id]
    if isinstance(node, ast.BinOp):
        return _apply(type(node.op), _value(node.left, values), _value(node.right, values))
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        right = _value(node.comparators[0], values)
        return _apply(type(node.ops[0]), _value(node.left, values), right)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        return _call(node.func.id, node.args, values)
    raise NotImplementedError(f"{ast.unparse(node)} in an alarm's expression is not rehearsed")


def _apply(kind: type, left: Value, right: Value) -> Value:
    if left is None or right is None:
        return None
    if kind is ast.Div:
        return left / right if right else None
    if kind not in _OPERATORS:
        raise NotImplementedError(f"{kind.__name__} in an alarm's expression is not rehearsed")
    return float(_OPERATORS[kind](left, right))


def _call(name: str, arguments: list[ast.expr], values: Mapping[str, Value]) -> Value:
    if name == "FILL" and len(arguments) == 2:
        found = _value(arguments[0], values)
        return _value(arguments[1], values) if found is None else found
    if name == "IF" and len(arguments) == 3:
        condition = _value(arguments[0], values)
        if condition is None:
            return None
        return _value(arguments[1] if condition else arguments[2], values)
    raise NotImplementedError(f"{name} in an alarm's expression is not rehearsed")
