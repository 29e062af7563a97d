"""Whatever comes: it is understood or refused, and nothing from the bus asks for a change."""

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from prod_settings import COMMON
from runbook.errors import TriggerError
from runbook.trigger import Trigger, parse

REAL = [
    json.loads(file.read_text())
    for file in sorted((Path(__file__).parents[3] / "events").glob("*.json"))
]
RING = next(one for one in REAL if one.get("source") == "aws.cloudwatch")["detail"]
ARN = f"arn:aws:cloudwatch:me-south-1:111122223333:alarm:{RING['alarmName']}"
REAL += [
    {
        "source": "aws.cloudwatch",
        "alarmArn": ARN,
        "accountId": "111122223333",
        "time": "2026-11-23T02:10:00.000+0000",
        "region": "me-south-1",
        "alarmData": RING,
    },
    {
        "Records": [
            {
                "EventSource": "aws:sns",
                "Sns": {
                    "MessageId": "m-1",
                    "Message": json.dumps(
                        {
                            "AlarmName": RING["alarmName"],
                            "AlarmArn": ARN,
                            "AWSAccountId": "111122223333",
                            "NewStateValue": "ALARM",
                        }
                    ),
                },
            }
        ]
    },
]
ODD = [
    "",
    "*",
    "1",
    "ALARM",
    0,
    1,
    -1,
    1.5,
    True,
    False,
    None,
    [],
    {},
    "\x00\ud800\u202e",
    "x" * 300_000,
]


def parts(found: Any) -> Iterator[tuple[Any, Any]]:
    """Yield every field of an event with what it is in."""
    fields = found.items() if isinstance(found, dict) else enumerate(found)
    for key, value in list(fields):
        yield found, key
        if isinstance(value, dict | list):
            yield from parts(value)


@st.composite
def mutations(draw: st.DrawFn) -> Any:
    """Draw a real event with one to three fields dropped, retyped, renamed, nested or made huge."""
    event = copy.deepcopy(draw(st.sampled_from(REAL)))
    for _ in range(draw(st.integers(1, 3))):
        places = list(parts(event))
        if not places:
            break
        part, key = draw(st.sampled_from(places))
        how = draw(st.sampled_from(["drop", "retype", "rename", "nest", "move"]))
        if how == "drop":
            del part[key]
        elif how == "retype":
            part[key] = copy.deepcopy(draw(st.sampled_from(ODD)))
        elif how == "rename" and isinstance(part, dict):
            part[draw(st.sampled_from(["reason", "apply", "detail-type", str(key).upper()]))] = (
                part.pop(key)
            )
        elif how == "nest":
            for _ in range(draw(st.sampled_from([1, 2, 100]))):
                part[key] = draw(st.sampled_from([{"detail": part[key]}, [part[key]]]))
        else:
            event[draw(st.sampled_from(["reason", "apply", "target", "Records", "alarmData"]))] = (
                copy.deepcopy(draw(st.sampled_from([True, "saas-worker", part[key]])))
            )
    return event


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)
INPUTS = st.integers(0, 19).flatmap(lambda dice: mutations() if dice else ANY_JSON)


def outcome(event: Any) -> Trigger | str:
    """Return what was understood, or why it was refused; anything else that is raised is a fault."""
    try:
        return parse(
            event,
            COMMON,
            scenario="worker_stuck",
            target="saas-worker",
            alarms=["nightshift-prod/worker_stuck/queue-depth"],
            services=["arn:aws:ecs:me-south-1:111122223333:service/saas-prod/saas-worker"],
            databases=["saas-prod-db"],
        )
    except TriggerError as refused:
        return str(refused)


@settings(
    deadline=None,
    database=None,
    print_blob=True,
    max_examples=1000,
    suppress_health_check=[HealthCheck.too_slow],
)
@given(event=INPUTS)
def test_understands_or_refuses_and_takes_no_order_from_the_bus(event: Any) -> None:
    understood = outcome(event)

    if isinstance(understood, str):
        assert 0 < len(understood.strip()) < 2000
    elif understood.apply:
        assert understood.by_hand
        assert event["apply"] is True
        assert not {"detail-type", "detail", "Records", "alarmData"} & set(event)
    else:
        assert understood.asking in ("trigger", "look", "request")
