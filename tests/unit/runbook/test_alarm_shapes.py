"""An alarm that calls a function directly, or through a topic, is checked like one of the bus."""

import json
from typing import Any

import pytest

from prod_settings import COMMON
from runbook.errors import TriggerError
from runbook.trigger import Trigger, parse

ALARM = "nightshift-prod/worker_stuck/queue-depth"
ARN = f"arn:aws:cloudwatch:me-south-1:111122223333:alarm:{ALARM}"
MESSAGE = {
    "AlarmName": ALARM,
    "AlarmArn": ARN,
    "AWSAccountId": "111122223333",
    "Region": "Middle East (Bahrain)",
    "NewStateValue": "ALARM",
}
SNS = "event.Records[0].Sns.Message"


def direct(**changes: Any) -> dict[str, Any]:
    data = {"alarmName": ALARM, "state": {"value": "ALARM", "timestamp": "2026-11-23T02:10:00Z"}}
    usual = {"alarmArn": ARN, "accountId": "111122223333", "region": "me-south-1"}
    return {"source": "aws.cloudwatch", **usual, "alarmData": data, **changes}


def topic(message: Any) -> dict[str, Any]:
    text = message if isinstance(message, str) else json.dumps(message)
    return {"Records": [{"EventSource": "aws:sns", "Sns": {"MessageId": "m-1", "Message": text}}]}


def understood(what: object) -> Trigger:
    return parse(what, COMMON, scenario="worker_stuck", target="saas-worker", alarms=[ALARM])


def test_understands_an_alarm_that_calls_the_function_directly() -> None:
    trigger = understood(direct())

    why = f"alarm {ALARM} went to ALARM"
    assert Trigger("trigger", why, f"{ARN} 2026-11-23T02:10:00Z") == trigger


def test_understands_an_alarm_that_comes_through_a_topic() -> None:
    trigger = understood(topic(MESSAGE))

    assert trigger == Trigger("trigger", f"alarm {ALARM} went to ALARM", "m-1")


def test_an_alarm_that_comes_through_a_topic_may_have_colons_in_its_name() -> None:
    name = "queue: too long: celery"
    message = {**MESSAGE, "AlarmName": name, "AlarmArn": ARN.replace(ALARM, name)}

    trigger = parse(
        topic(message), COMMON, scenario="worker_stuck", target="saas-worker", alarms=[name]
    )

    assert trigger == Trigger("trigger", f"alarm {name} went to ALARM", "m-1")


@pytest.mark.parametrize(
    ("what", "message"),
    [
        pytest.param(
            direct(alarmData=5), "event.alarmData is 5; expected an object", id="no object"
        ),
        pytest.param(
            direct(accountId="999999999999"),
            "event.account is '999999999999'; expected '111122223333'",
            id="another account",
        ),
        pytest.param(
            direct(region="us-east-1"),
            "event.region is 'us-east-1'; expected 'me-south-1'",
            id="another region",
        ),
        pytest.param(
            direct(alarmData={"alarmName": "theirs", "state": {"value": "ALARM"}}),
            f"event.detail.alarmName is 'theirs'; expected one of {ALARM}",
            id="another alarm",
        ),
        pytest.param(
            direct(alarmData={"alarmName": ALARM, "state": {}}),
            "event.detail.state.value is None; expected a text",
            id="no state",
        ),
        pytest.param(direct(alarmArn=None), "event.alarmArn is None; expected a text", id="no ARN"),
        pytest.param(
            {"Records": []},
            "event.Records is not a list of one record; expected one SNS record",
            id="no record",
        ),
        pytest.param(
            {"Records": topic(MESSAGE)["Records"] * 2},
            "event.Records is not a list of one record; expected one SNS record",
            id="two records",
        ),
        pytest.param(
            {"Records": [{}]}, "event.Records[0].Sns is None; expected an object", id="not of SNS"
        ),
        pytest.param(
            topic("ALARM!"), f"{SNS} is not JSON; expected what CloudWatch publishes", id="no JSON"
        ),
        pytest.param(
            topic("[" * 100_000),
            f"{SNS} is not JSON; expected what CloudWatch publishes",
            id="deep",
        ),
        pytest.param(topic([1]), f"{SNS} holds a list; expected an object", id="JSON, but a list"),
        pytest.param(
            topic({**MESSAGE, "AlarmArn": "arn:aws:x"}),
            f"{SNS}.AlarmArn is 'arn:aws:x'; expected an alarm's ARN",
            id="no alarm's ARN",
        ),
        pytest.param(
            topic({**MESSAGE, "AlarmArn": ARN.replace("me-south-1", "us-east-1")}),
            "event.region is 'us-east-1'; expected 'me-south-1'",
            id="of another region",
        ),
        pytest.param(
            topic({**MESSAGE, "AWSAccountId": "999999999999"}),
            "event.account is '999999999999'; expected '111122223333'",
            id="of another account",
        ),
        pytest.param(
            topic({**MESSAGE, "NewStateValue": "BAD"}),
            "event.detail.state.value is 'BAD'; expected OK, ALARM or INSUFFICIENT_DATA",
            id="odd state",
        ),
    ],
)
def test_names_the_wrong_field_and_what_was_expected(what: object, message: str) -> None:
    with pytest.raises(TriggerError) as refused:
        understood(what)

    assert message == str(refused.value)


def test_a_shape_of_an_alarm_cannot_ask_for_a_change() -> None:
    trigger = understood(direct(apply=True, target="saas-worker"))

    assert not trigger.apply
    assert not trigger.by_hand


def test_a_reason_makes_any_shape_a_request_with_unknown_fields() -> None:
    with pytest.raises(TriggerError, match=r"^the request has .*alarmData.*; expected only"):
        understood(direct(reason="r", apply=True))
