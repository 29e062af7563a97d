"""Patrol: each minute, second looks, unanswered alarms, unsent messages, and what follows an incident."""

from collections.abc import Iterable

import patrol.needs
from infra import settings
from infra.alarm import Alarm
from infra.environment import Environment
from infra.spec import Spec
from runbook.postmortem import FOLDER

_SIDES = {"GreaterThanOrEqualToThreshold": "at_least", "LessThanThreshold": "below"}


def spec(environment: Environment, scenario_alarms: Iterable[Alarm]) -> Spec:
    """Return patrol's function; what it watches is what the alarm table has for scenarios."""
    ids: dict[str, list[str]] = {}
    bad: dict[str, dict[str, float]] = {}
    for alarm in scenario_alarms:
        if alarm.group != "second-path":
            ids.setdefault(alarm.group, []).append(alarm.id)
            bad.setdefault(alarm.group, {_SIDES[alarm.comparison]: alarm.threshold})
    switch = settings.switch_parameter(environment)
    return Spec(
        folder="patrol",
        purpose="Each minute: second looks, unanswered alarms, unsent messages, post-mortem drafts",
        settings=settings.patrol(environment, ids, bad),
        needs=patrol.needs.NEEDS,
        each_minute=True,
        more={
            "switch": [environment.arn("ssm", f"parameter{switch}")],
            "post_mortems": [environment.objects(settings.bucket(environment), FOLDER)],
        },
    )
