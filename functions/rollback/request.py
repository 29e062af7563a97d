"""What a person may ask, by direct Invoke only, and the one event that may come over the bus.

``{"part": "backend", "reason": "...", "dry_run": true}``; what else a part takes is its own. A second look
of patrol's verifies what was asked for before. Whatever looks like an event is none of a person's.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rollback.part import NAME, Part
from runbook import trigger
from runbook.bus import DUE, LOOK_TYPE
from runbook.errors import TriggerError
from runbook.fields import part as _object
from runbook.fields import shown, text
from runbook.settings import Common
from runbook.trigger import MOST_REASON, Trigger

FIELDS = ("part", "reason", "dry_run")
LOOK_FIELDS = frozenset({"schema", "environment", "scenario", "target", "why"})
EVENT_FIELDS = frozenset({"detail-type", "detail", "source", "Records", "alarmData"})
"""Of what EventBridge, SNS and CloudWatch send; a request has none of them."""


@dataclass(frozen=True)
class Request:
    """One person's wish.

    Attributes:
        part: what is rolled back.
        reason: shown in records and pages.
        dry_run: whether nothing may be touched: so it is where nothing else is said.
        wish: the part's own fields, as the part understands them.
    """

    part: Part
    reason: str
    dry_run: bool
    wish: Any


def is_event(event: object) -> bool:
    """Say whether this came over the bus: what is wrong with it goes to the dead letters, not to a person."""
    return isinstance(event, Mapping) and bool(EVENT_FIELDS & event.keys())


def parse(event: object, parts: Mapping[str, Part]) -> Request:
    """Understand a request.

    Raises:
        TriggerError: it is none; the message names the field and what was expected.
    """
    if not isinstance(event, Mapping):
        raise TriggerError(f"the request is a {type(event).__name__}; expected a JSON object")
    name = event.get("part")
    if not isinstance(name, str) or name not in parts:
        raise TriggerError(
            f"request.part is {shown(name)}; expected one of {', '.join(parts)}, written out"
        )
    part = parts[name]
    expected = (*FIELDS, *part.fields)
    unknown = sorted(str(field) for field in event if field not in expected)
    if unknown:
        raise TriggerError(
            f"the request has {', '.join(unknown)[:120]}; for {name} expected only "
            f"{', '.join(expected)}"
        )
    reason = text(event, "reason", "request")
    if len(reason) > MOST_REASON:
        raise TriggerError(
            f"request.reason has {len(reason)} characters; expected at most {MOST_REASON}"
        )
    dry_run = event.get("dry_run", True)
    if not isinstance(dry_run, bool):
        raise TriggerError(f"request.dry_run is {shown(dry_run)}; expected true or false")
    own = {field: event[field] for field in part.fields if field in event}
    return Request(part, reason, dry_run, part.understand(own))


def second_look(
    event: Mapping[str, Any], settings: Common, parts: Mapping[str, Part]
) -> tuple[Part, Trigger]:
    """Understand the only event that may come over the bus: patrol's second look at a rollback.

    Raises:
        TriggerError: it is another one, or carries more than a look does.
    """
    kind = event.get("detail-type")
    if kind != LOOK_TYPE:
        raise TriggerError(
            f"event.detail-type is {shown(kind)}; expected {LOOK_TYPE!r}: a rollback is started by "
            "a direct request only"
        )
    detail = _object(event, "detail", "event")
    more = sorted(str(field) for field in detail if field not in LOOK_FIELDS)
    if more:
        raise TriggerError(
            f"event.detail has {', '.join(more)[:120]}; expected only {', '.join(sorted(LOOK_FIELDS))}: "
            "a rollback is started by a direct request only"
        )
    if detail.get("why") != DUE:
        raise TriggerError(f"event.detail.why is {shown(detail.get('why'))}; expected {DUE!r}")
    found = [part for part in parts.values() if part.target == detail.get("target")]
    if len(found) != 1:
        targets = ", ".join(part.target for part in parts.values())
        raise TriggerError(
            f"event.detail.target is {shown(detail.get('target'))}; expected one of {targets}"
        )
    part = found[0]
    return part, trigger.parse(event, settings, scenario=NAME, target=part.target, alarms=[])
