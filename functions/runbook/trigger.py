"""Why a look happens: an alarm, a second look, or a person. Anything else is refused loudly.

What comes over the bus can cause a look and nothing else; only a direct Invoke carries ``apply``, and
there the caller's IAM permission is the approval.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from runbook import alarm_shapes, service_events
from runbook.alarm_shapes import ALARM_TYPE
from runbook.bus import LOOK_SCHEMA, LOOK_SOURCE, LOOK_TYPE, MISSED, REASONS
from runbook.errors import TriggerError
from runbook.fields import part as _object
from runbook.fields import shown
from runbook.fields import text as _text
from runbook.incidents import Asking
from runbook.settings import Common

MOST_BYTES = 256 * 1024
"""Bytes of JSON: what EventBridge and SNS carry at the most; larger is nobody's event."""
MOST_REASON = 500
"""Characters of a person's reason; it is shown in pages."""
_REQUEST_FIELDS = ("reason", "apply", "target")


@dataclass(frozen=True)
class Trigger:
    """One reason for one look.

    Attributes:
        asking: how much right it has to claim the incident now.
        why: shown in records and answers.
        event_id: EventBridge's id, empty for a request by hand.
        by_hand: a person asked.
        apply: a person asked for the change as well.
    """

    asking: Asking
    why: str
    event_id: str = ""
    by_hand: bool = False
    apply: bool = False


def is_request(event: object) -> bool:
    """Say whether the event is meant as a request by hand: its answer goes to a person."""
    return isinstance(event, Mapping) and "reason" in event and "detail-type" not in event


def parse(
    event: object,
    settings: Common,
    *,
    scenario: str,
    target: str,
    alarms: list[str],
    services: Sequence[str] = (),
    databases: Sequence[str] = (),
) -> Trigger:
    """Understand an event: an alarm in one of its three shapes, a service event, a look, a request.

    Args:
        event: what Lambda handed over.
        settings: whose account and region the event must be of.
        scenario: the function's scenario.
        target: the only target that the function may look at.
        alarms: the names of the scenario's alarms.
        services: ARNs of ECS services whose events wake the scenario.
        databases: identifiers of RDS instances whose events wake the scenario.

    Raises:
        TriggerError: it is none of these; the message names the field and what was expected.
    """
    if not isinstance(event, Mapping):
        raise TriggerError(f"the event is a {type(event).__name__}; expected a JSON object")
    size = len(json.dumps(event).encode())
    if size > MOST_BYTES:
        raise TriggerError(f"the event has {size} bytes; expected at most {MOST_BYTES}")
    if is_request(event):
        return _request(event, target)
    if "alarmData" in event or "Records" in event:
        event = alarm_shapes.over_the_bus(event)
    kind = _text(event, "detail-type", "event")
    _expect(event, "account", settings.account, "event")
    _expect(event, "region", settings.region, "event")
    if kind == ALARM_TYPE:
        return _alarm(event, alarms)
    if kind == LOOK_TYPE:
        return _look(event, settings.environment, scenario, target)
    if kind in service_events.KINDS:
        return Trigger(
            "trigger",
            service_events.understand(kind, event, services, databases),
            _text(event, "id", "event"),
        )
    raise TriggerError(
        f"detail-type is {shown(kind)}; expected {ALARM_TYPE!r}, {LOOK_TYPE!r}"
        + "".join(f", {one!r}" for one in service_events.KINDS if services or databases)
    )


def _expect(part: Mapping[str, Any], field: str, expected: str | int, where: str) -> None:
    if part.get(field) != expected:
        raise TriggerError(f"{where}.{field} is {shown(part.get(field))}; expected {expected!r}")


def _alarm(event: Mapping[str, Any], alarms: list[str]) -> Trigger:
    _expect(event, "source", "aws.cloudwatch", "event")
    detail = _object(event, "detail", "event")
    name = _text(detail, "alarmName", "event.detail")
    if name not in alarms:
        raise TriggerError(
            f"event.detail.alarmName is {shown(name)}; expected one of {', '.join(alarms)}"
        )
    state = _text(_object(detail, "state", "event.detail"), "value", "event.detail.state")
    if state not in ("OK", "ALARM", "INSUFFICIENT_DATA"):
        raise TriggerError(
            f"event.detail.state.value is {shown(state)}; expected OK, ALARM or INSUFFICIENT_DATA"
        )
    # The state in an event is a hint: a late one may be wrong. DescribeAlarms tells what holds now.
    asking: Asking = "trigger" if state == "ALARM" else "look"
    return Trigger(asking, f"alarm {name} went to {state}", _text(event, "id", "event"))


def _look(event: Mapping[str, Any], environment: str, scenario: str, target: str) -> Trigger:
    _expect(event, "source", LOOK_SOURCE, "event")
    detail = _object(event, "detail", "event")
    where = "event.detail"
    _expect(detail, "schema", LOOK_SCHEMA, where)
    _expect(detail, "environment", environment, where)
    _expect(detail, "scenario", scenario, where)
    _expect(detail, "target", target, where)
    why = _text(detail, "why", where)
    if why not in REASONS:
        expected = " or ".join(repr(one) for one in REASONS)
        raise TriggerError(f"event.detail.why is {shown(why)}; expected {expected}")
    asking: Asking = "trigger" if why == MISSED else "look"
    return Trigger(asking, f"patrol: {why}", _text(event, "id", "event"))


def _request(event: Mapping[str, Any], target: str) -> Trigger:
    unknown = sorted(str(field) for field in event if field not in _REQUEST_FIELDS)
    if unknown:
        raise TriggerError(
            f"the request has {', '.join(unknown)[:120]}; expected only {', '.join(_REQUEST_FIELDS)}"
        )
    reason = _text(event, "reason", "request")
    if len(reason) > MOST_REASON:
        raise TriggerError(
            f"request.reason has {len(reason)} characters; expected at most {MOST_REASON}"
        )
    apply = event.get("apply", False)
    if not isinstance(apply, bool):
        raise TriggerError(f"request.apply is {shown(apply)}; expected true or false")
    asked_for = event.get("target", target)
    if asked_for != target:
        raise TriggerError(
            f"request.target is {shown(asked_for)}; expected {target!r}, written out: "
            "a wildcard or an empty target is never accepted"
        )
    return Trigger("request", f"by hand: {reason}", by_hand=True, apply=apply)
