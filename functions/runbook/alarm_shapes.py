"""The two other shapes in which CloudWatch hands an alarm to a function, turned into the bus's own.

A team's existing alarm may call the function directly (``alarmData``) or through a topic (an SNS
record). What they say is checked like an event of the bus: account, region, alarm name and state.
"""

import json
from collections.abc import Mapping
from typing import Any

from runbook.errors import TriggerError
from runbook.fields import part, shown, text

ALARM_TYPE = "CloudWatch Alarm State Change"
_ARN_PARTS = 7
"""arn:partition:cloudwatch:region:account:alarm:name; the name may have colons of its own."""


def over_the_bus(event: Mapping[str, Any]) -> dict[str, Any]:
    """Return the alarm as EventBridge would have brought it.

    Raises:
        TriggerError: it is neither shape.
    """
    return _direct(event) if "alarmData" in event else _from_topic(event)


def _direct(event: Mapping[str, Any]) -> dict[str, Any]:
    data = part(event, "alarmData", "event")
    state = part(data, "state", "event.alarmData")
    return _event(
        account=text(event, "accountId", "event"),
        region=text(event, "region", "event"),
        event_id=f"{text(event, 'alarmArn', 'event')} {state.get('timestamp', '')}",
        name=text(data, "alarmName", "event.alarmData"),
        state=state.get("value"),
    )


def _from_topic(event: Mapping[str, Any]) -> dict[str, Any]:
    records = event.get("Records")
    if not isinstance(records, list) or len(records) != 1 or not isinstance(records[0], Mapping):
        raise TriggerError("event.Records is not a list of one record; expected one SNS record")
    sns = part(records[0], "Sns", "event.Records[0]")
    message = text(sns, "Message", "event.Records[0].Sns")
    try:
        alarm = json.loads(message)
    except (json.JSONDecodeError, RecursionError) as error:
        raise TriggerError(
            "event.Records[0].Sns.Message is not JSON; expected what CloudWatch publishes"
        ) from error
    if not isinstance(alarm, Mapping):
        raise TriggerError(
            f"event.Records[0].Sns.Message holds a {type(alarm).__name__}; expected an object"
        )
    where = "event.Records[0].Sns.Message"
    arn = text(alarm, "AlarmArn", where).split(":", _ARN_PARTS - 1)
    if len(arn) != _ARN_PARTS:
        raise TriggerError(
            f"{where}.AlarmArn is {shown(alarm['AlarmArn'])}; expected an alarm's ARN"
        )
    return _event(
        account=text(alarm, "AWSAccountId", where),
        region=arn[3],  # the field Region has a name for people
        event_id=text(sns, "MessageId", "event.Records[0].Sns"),
        name=text(alarm, "AlarmName", where),
        state=alarm.get("NewStateValue"),
    )


def _event(*, account: str, region: str, event_id: str, name: str, state: object) -> dict[str, Any]:
    return {
        "detail-type": ALARM_TYPE,
        "source": "aws.cloudwatch",
        "account": account,
        "region": region,
        "id": event_id,
        "detail": {"alarmName": name, "state": {"value": state}},
    }
