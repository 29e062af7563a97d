"""Which alarm rang, and whether it may be triaged: it opted in, and it is nobody else's."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from runbook.alarm_shapes import ALARM_TYPE
from runbook.checks.alarms import AUTO_SCALING
from runbook.errors import TriggerError
from runbook.fields import part, shown, text
from triage.settings import Settings


def prefix(environment: str) -> str:
    """Return what the name of an alarm begins with that opted in; the rule's pattern has the same.

    The environment is in it: two environments of one account must not both page.
    """
    return f"nightshift-triage-{environment}/"


@dataclass(frozen=True)
class Rang:
    """An alarm that rang.

    Attributes:
        event_id: EventBridge's id.
    """

    alarm: str
    event_id: str


def parse(event: object, settings: Settings) -> Rang:
    """Understand an alarm's event, as the rule lets it through.

    Raises:
        TriggerError: it is none, or the alarm is not for triage; the message says what was expected.
    """
    if not isinstance(event, Mapping):
        raise TriggerError(f"the event is a {type(event).__name__}; expected a JSON object")
    expected = {
        "source": "aws.cloudwatch",
        "detail-type": ALARM_TYPE,
        "account": settings.account,
        "region": settings.region,
    }
    for field, wanted in expected.items():
        _expect(event, field, wanted, "event")
    detail = part(event, "detail", "event")
    _expect(part(detail, "state", "event.detail"), "value", "ALARM", "event.detail.state")
    name = text(detail, "alarmName", "event.detail")
    own = f"nightshift-{settings.environment}/"
    if name.startswith((AUTO_SCALING, own)):
        raise TriggerError(
            f"event.detail.alarmName is {shown(name)}; auto scaling's alarms and Nightshift's own are "
            "never triaged"
        )
    opted_in = prefix(settings.environment)
    if not name.startswith(opted_in) and name not in settings.alarms:
        raise TriggerError(
            f"event.detail.alarmName is {shown(name)}; expected a name that begins with {opted_in!r}, "
            "or one listed in the environment file"
        )
    return Rang(name, text(event, "id", "event"))


def _expect(found: Mapping[str, Any], field: str, wanted: str, where: str) -> None:
    if found.get(field) != wanted:
        raise TriggerError(f"{where}.{field} is {shown(found.get(field))}; expected {wanted!r}")
