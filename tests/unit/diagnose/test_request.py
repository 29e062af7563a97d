"""What a person may ask for, and what is refused with what was expected."""

from typing import Any

import pytest

from diagnose.request import Request, parse
from runbook.errors import TriggerError


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        pytest.param({"reason": "slow"}, Request("slow", send=False), id="to read it"),
        pytest.param(
            {"reason": "slow", "send": False}, Request("slow", send=False), id="in so many words"
        ),
        pytest.param({"reason": "slow", "send": True}, Request("slow", send=True), id="to send it"),
        pytest.param({"reason": "x" * 500}, Request("x" * 500), id="a long reason"),
    ],
)
def test_understands_a_request(event: Any, expected: Request) -> None:
    assert parse(event) == expected


@pytest.mark.parametrize(
    ("event", "why"),
    [
        pytest.param(None, "the request is a NoneType; expected a JSON object", id="nothing"),
        pytest.param(
            ["reason"], "the request is a list; expected a JSON object", id="another kind"
        ),
        pytest.param({}, "request.reason is None; expected a text", id="no reason"),
        pytest.param({"reason": ""}, "request.reason is ''; expected a text", id="an empty one"),
        pytest.param(
            {"reason": "x" * 501},
            "request.reason has 501 characters; expected at most 500",
            id="too long a reason",
        ),
        pytest.param(
            {"reason": "r", "send": "yes"},
            "request.send is 'yes'; expected true or false",
            id="send is a word",
        ),
        pytest.param(
            {"reason": "r", "send": 1},
            "request.send is 1; expected true or false",
            id="send is a number",
        ),
        pytest.param(
            {"reason": "r", "apply": True, "target": "*"},
            "the request has apply, target; expected only reason, send",
            id="fields of another function",
        ),
        pytest.param(
            {"detail-type": "CloudWatch Alarm State Change", "detail": {}},
            "the request has detail, detail-type; expected only reason, send",
            id="an event of the bus",
        ),
        pytest.param(
            {"Records": []}, "the request has Records; expected only reason, send", id="a record"
        ),
    ],
)
def test_refuses_what_is_no_request(event: Any, why: str) -> None:
    with pytest.raises(TriggerError) as refused:
        parse(event)

    assert str(refused.value) == why


def test_a_refusal_is_short_whatever_was_sent() -> None:
    with pytest.raises(TriggerError) as refused:
        parse({"x" * 10_000: 1})

    assert len(str(refused.value)) < 200
