"""What CloudWatch computes: metric math for alarms, and filter patterns for log lines."""

import pytest

from rehearsal.aws.expressions import evaluate
from rehearsal.aws.patterns import matches


@pytest.mark.parametrize(
    ("expression", "values", "result"),
    [
        ("a + b * 2", {"a": 1.0, "b": 3.0}, 7.0),
        ("(a - b) / 2", {"a": 7.0, "b": 3.0}, 2.0),
        ("a / b", {"a": 7.0, "b": 0.0}, None),
        ("a + b", {"a": None, "b": 3.0}, None),
        ("FILL(a, 0) + b", {"a": None, "b": 3.0}, 3.0),
        ("FILL(a, 0) + b", {"a": 1.0, "b": 3.0}, 4.0),
        ("IF(a >= 20, b, 0)", {"a": 20.0, "b": 3.0}, 3.0),
        ("IF(a >= 20, b, 0)", {"a": 19.0, "b": 3.0}, 0.0),
        ("IF(a > 20, b, 0)", {"a": 20.0, "b": 3.0}, 0.0),
        ("IF(a < 20, b, 0)", {"a": 20.0, "b": 3.0}, 0.0),
        ("IF(a <= 20, b, 0)", {"a": 20.0, "b": 3.0}, 3.0),
        ("IF(a >= 20, b, 0)", {"a": None, "b": 3.0}, None),
    ],
)
def test_an_expression_is_computed_and_what_is_missing_stays_missing(
    expression: str, values: dict[str, float | None], result: float | None
) -> None:
    assert evaluate(expression, {name: [one] for name, one in values.items()}) == result


@pytest.mark.parametrize(
    ("values", "index", "result"),
    [
        pytest.param([5.0, 5.0], -1, 0.0, id="the-same"),
        pytest.param([9.0, 5.0], -1, 4.0, id="less"),
        pytest.param([9.0, None, None, 5.0], -1, 4.0, id="after-a-silence"),
        pytest.param([9.0, 5.0, 5.0], 1, 4.0, id="an-earlier-period"),
        pytest.param([9.0, 5.0, 5.0], -2, 4.0, id="an-earlier-period-from-the-end"),
        pytest.param([9.0, None], -1, None, id="nothing-now"),
        pytest.param([None, 5.0], -1, None, id="nothing-before"),
        pytest.param([5.0], -1, None, id="the-first"),
    ],
)
def test_a_difference_is_to_the_value_before(
    values: list[float | None], index: int, result: float | None
) -> None:
    assert evaluate("ABS(DIFF(a))", {"a": values}, index) == result


@pytest.mark.parametrize(
    "expression",
    ["RATE(a)", "a ** 2", "a == 1", "FILL(a)", "DIFF(a + b)", "ABS(a, b)", "-a", "a if b else a"],
)
def test_what_is_not_rehearsed_is_refused(expression: str) -> None:
    with pytest.raises(NotImplementedError, match="in an alarm's expression is not rehearsed"):
        evaluate(expression, {"a": [1.0], "b": [2.0]})


@pytest.mark.parametrize(
    ("pattern", "line", "found"),
    [
        ('{ $.level = "ERROR" }', '{"level": "ERROR"}', True),
        ('{ $.level = "ERROR" }', '{"level": "INFO"}', False),
        ('{ $.level = "ERROR" }', '{"level": "ERRORS"}', False),
        ('{ $.level = "ERROR" }', '{"other": "ERROR"}', False),
        ('{ $.level = "ERROR" }', "level = ERROR", False),
        ('{ $.level = "ERROR" }', '["ERROR"]', False),
        ('{ $.a.b = "x" }', '{"a": {"b": "x"}}', True),
        ('{ $.a.b = "x" }', '{"a": "x"}', False),
        ('{ ($.a = "x") && ($.b = "y") }', '{"a": "x", "b": "y"}', True),
        ('{ ($.a = "x") && ($.b = "y") }', '{"a": "x", "b": "z"}', False),
    ],
)
def test_a_pattern_asks_for_equal_texts(pattern: str, line: str, found: bool) -> None:
    assert matches(pattern, line) is found


@pytest.mark.parametrize(
    "pattern", ["ERROR", "", "{ $.a = 1 }", '{ $.a = "x" || $.b = "y" }', '{ $.a != "x" }']
)
def test_another_pattern_is_refused_and_not_taken_for_everything(pattern: str) -> None:
    with pytest.raises(NotImplementedError, match="is not rehearsed"):
        matches(pattern, '{"a": "x"}')
