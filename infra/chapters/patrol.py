"""Patrol: each minute, second looks, unanswered alarms, unsent messages."""

from collections.abc import Iterable

import patrol.needs
from infra import settings
from infra.alarm import Alarm
from infra.environment import Environment
from infra.spec import Spec


def spec(environment: Environment, scenario_alarms: Iterable[Alarm]) -> Spec:
    """Return patrol's function; what it watches is what the alarm table has for scenarios."""
    ids: dict[str, list[str]] = {}
    for alarm in scenario_alarms:
        if alarm.group != "second-path":
            ids.setdefault(alarm.group, []).append(alarm.id)
    return Spec(
        folder="patrol",
        purpose="Each minute: second looks, unanswered alarms, unsent messages",
        settings=settings.patrol(environment, ids),
        needs=patrol.needs.NEEDS,
        each_minute=True,
    )
