"""Which event wakes which rule: every event in events/, and those that must wake nobody.

EventBridge's matching is moto's, which agrees with AWS on everything that our patterns use.
"""

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from moto.events.models import EventPattern

from infra.chapters import triage
from infra.environment import Triage, load
from synthesized import Body, Synthesized

EVENTS = Path(__file__).resolve().parents[2] / "events"
EXPECTED = {
    "ai_provider_outage_alarm": ["ai-provider-outage-alarm"],
    "ai_provider_outage_by_hand": [],
    "ai_provider_outage_by_hand_apply": [],
    "ai_provider_outage_look_due": ["ai-provider-outage-look"],
    "backend_5xx_alarm": ["backend-5xx-alarm"],
    "backend_5xx_by_hand": [],
    "backend_5xx_by_hand_apply": [],
    "backend_5xx_deployment_failed": ["backend-5xx-deployment"],
    "backend_5xx_look_due": ["backend-5xx-look"],
    "backend_5xx_out_of_memory": ["backend-5xx-memory"],
    "db_connections_alarm": ["db-connections-alarm"],
    "db_connections_by_hand": [],
    "db_connections_by_hand_apply": [],
    "db_connections_look_due": ["db-connections-look"],
    "db_unavailable_alarm": ["db-unavailable-alarm"],
    "db_unavailable_by_hand": [],
    "db_unavailable_failover": ["db-unavailable-rds"],
    "db_unavailable_look_due": ["db-unavailable-look"],
    "diagnose_by_hand": [],
    "health_probe_by_hand": [],
    "health_probe_schedule": ["health-probe"],
    "patrol_schedule": ["patrol"],
    "redis_probe_by_hand": [],
    "redis_probe_schedule": ["redis-probe"],
    "redis_unavailable_alarm": ["redis-unavailable-alarm"],
    "redis_unavailable_by_hand": [],
    "redis_unavailable_by_hand_apply": [],
    "redis_unavailable_handed_over": ["redis-unavailable-look"],
    "redis_unavailable_look_due": ["redis-unavailable-look"],
    "rollback_backend_by_hand": [],
    "rollback_backend_by_hand_apply": [],
    "rollback_database_by_hand": [],
    "rollback_database_by_hand_apply": [],
    "rollback_frontend_by_hand": [],
    "rollback_frontend_by_hand_apply": [],
    "rollback_look_due": ["rollback-look"],
    "rollback_worker_by_hand": [],
    "rollback_worker_by_hand_apply": [],
    "triage_alarm": ["triage-alarm"],
    "worker_stuck_alarm": ["worker-stuck-alarm"],
    "worker_stuck_alarm_by_topic": [],
    "worker_stuck_alarm_direct": [],
    "worker_stuck_by_hand": [],
    "worker_stuck_by_hand_apply": [],
    "worker_stuck_look_due": ["worker-stuck-look"],
    "worker_stuck_look_missed_alarm": ["worker-stuck-look"],
}
"""The rules that an event wakes; a request by hand, and an alarm's other two shapes, come over no bus."""


def read(name: str) -> Body:
    found: Body = json.loads((EVENTS / f"{name}.json").read_text(encoding="utf-8"))
    return found


def woken(stack: Synthesized, event: Body) -> list[str]:
    """Return the rules that an event wakes, without what all rules' names begin with."""
    return sorted(
        name.removeprefix(f"{stack.prefix}-rule-")
        for name, rule in stack.rules.items()
        if _wakes(stack, name, rule, event)
    )


def _wakes(stack: Synthesized, name: str, rule: Body, event: Body) -> bool:
    if "EventPattern" in rule:
        pattern = EventPattern.load(json.dumps(rule["EventPattern"]))
        return any(pattern.matches_event(one) for one in by_container(event))
    scheduled = event.get("detail-type") == "Scheduled Event"
    return scheduled and event["resources"] == [stack.arn("events", f"rule/{name}")]


def by_container(event: Body) -> list[Body]:
    """Return an event once per container: EventBridge looks into a list's items, moto does not."""
    containers = event.get("detail", {}).get("containers")
    if not isinstance(containers, list):
        return [event]
    return [changed(event, "detail.containers", one) for one in containers]


def changed(event: Body, path: str, value: Any) -> Body:
    """Return a copy of an event with one field changed, given as ``detail.state.value``."""
    copy = deepcopy(event)
    *parents, last = path.split(".")
    part = copy
    for name in parents:
        part = part[name]
    part[last] = value
    return copy


def test_every_event_is_routed_here() -> None:
    assert {one.stem for one in EVENTS.glob("*.json")} == set(EXPECTED)


@pytest.mark.parametrize("name", EXPECTED)
def test_an_event_wakes_exactly_its_rule(prod: Synthesized, name: str) -> None:
    assert woken(prod, read(name)) == EXPECTED[name]


@pytest.mark.parametrize("name", EXPECTED)
def test_an_event_of_this_environment_wakes_nobody_in_another(
    example: Synthesized, name: str
) -> None:
    assert woken(example, read(name)) == []


ALARM = "arn:aws:cloudwatch:me-south-1:111122223333:alarm:"


@pytest.mark.parametrize(
    ("path", "value"),
    [
        pytest.param("detail.state.value", "OK", id="it-is-over"),
        pytest.param("detail.state.value", "INSUFFICIENT_DATA", id="nobody-measures"),
        pytest.param("resources", [f"{ALARM}checkout-latency"], id="somebody-elses-alarm"),
        pytest.param(
            "resources", [f"{ALARM}nightshift-prod/second-path/queue-depth"], id="the-slow-twin"
        ),
        pytest.param(
            "resources", [f"{ALARM}nightshift-prod/meta/dead-letters"], id="our-own-illness"
        ),
        pytest.param(
            "resources",
            [f"{ALARM}nightshift-prod/worker_stuck/queue-depth-2"],
            id="a-name-that-only-begins-like-ours",
        ),
        pytest.param(
            "resources",
            [
                "arn:aws:cloudwatch:me-south-1:999999999999:alarm:nightshift-prod/worker_stuck/queue-depth"
            ],
            id="the-same-name-in-another-account",
        ),
        pytest.param("source", "custom.cloudwatch", id="not-from-cloudwatch"),
        pytest.param("detail-type", "CloudWatch Alarm Configuration Change", id="it-was-edited"),
    ],
)
def test_an_alarm_that_is_not_ours_or_is_not_ringing_wakes_nobody(
    prod: Synthesized, path: str, value: Any
) -> None:
    assert woken(prod, changed(read("worker_stuck_alarm"), path, value)) == []


@pytest.mark.parametrize(
    ("path", "value"),
    [
        pytest.param("detail.scenario", "nobodys", id="another-scenario"),
        pytest.param("detail.environment", "staging", id="another-environment"),
        pytest.param("source", "aws.events", id="not-from-patrol"),
        pytest.param("detail-type", "Nightshift Note", id="not-a-look"),
    ],
)
def test_a_look_for_somebody_else_wakes_nobody(prod: Synthesized, path: str, value: Any) -> None:
    assert woken(prod, changed(read("worker_stuck_look_due"), path, value)) == []


CONTAINERS = "detail.containers"


@pytest.mark.parametrize(
    ("path", "value", "wakes"),
    [
        pytest.param(CONTAINERS, [{"exitCode": 0}, {"exitCode": 137}], True, id="one-was-killed"),
        pytest.param(
            CONTAINERS, [{"exitCode": 1, "reason": "outOfMemory: it"}], True, id="ecs-says-so"
        ),
        pytest.param(CONTAINERS, [{"exitCode": 1, "reason": "CannotPull"}], False, id="a-crash"),
        pytest.param("detail.stopCode", "ServiceSchedulerInitiated", False, id="a-rollout"),
        pytest.param("detail.lastStatus", "DEPROVISIONING", False, id="not-stopped-yet"),
        pytest.param("detail.group", "service:saas-worker", False, id="another-service"),
        pytest.param(
            "detail.clusterArn",
            "arn:aws:ecs:me-south-1:111122223333:cluster/saas-test",
            False,
            id="another-cluster",
        ),
    ],
)
def test_a_task_of_the_backend_that_ran_out_of_memory_wakes_its_scenario(
    prod: Synthesized, path: str, value: Any, wakes: bool
) -> None:
    event = changed(read("backend_5xx_out_of_memory"), path, value)

    assert woken(prod, event) == (["backend-5xx-memory"] if wakes else [])


@pytest.mark.parametrize(
    ("path", "value"),
    [
        pytest.param("detail.eventName", "SERVICE_DEPLOYMENT_COMPLETED", id="it-succeeded"),
        pytest.param("detail.eventName", "SERVICE_DEPLOYMENT_IN_PROGRESS", id="it-began"),
        pytest.param(
            "resources",
            ["arn:aws:ecs:me-south-1:111122223333:service/saas-prod/saas-worker"],
            id="another-service",
        ),
    ],
)
def test_only_a_failed_deployment_of_the_backend_wakes_its_scenario(
    prod: Synthesized, path: str, value: Any
) -> None:
    assert woken(prod, changed(read("backend_5xx_deployment_failed"), path, value)) == []


@pytest.mark.parametrize(
    ("path", "value"),
    [
        pytest.param("detail.alarmName", "checkout-latency", id="it-did-not-opt-in"),
        pytest.param(
            "detail.alarmName", "nightshift-triage-test/checkout-latency", id="another-environments"
        ),
        pytest.param("detail.alarmName", "TargetTracking-table/a", id="auto-scalings"),
        pytest.param("detail.alarmName", "nightshift-prod/meta/dead-letters", id="our-own"),
        pytest.param("detail.state.value", "OK", id="it-is-over"),
        pytest.param("account", "999999999999", id="another-account"),
        pytest.param("region", "us-east-1", id="another-region"),
        pytest.param("source", "custom.cloudwatch", id="not-from-cloudwatch"),
    ],
)
def test_what_did_not_opt_in_is_not_triaged(prod: Synthesized, path: str, value: Any) -> None:
    assert woken(prod, changed(read("triage_alarm"), path, value)) == []


def test_an_alarm_opts_in_by_the_environment_file(prod: Synthesized) -> None:
    environment = load("prod").model_copy(update={"triage": Triage(alarms=["checkout latency"])})
    event = changed(read("triage_alarm"), "detail.alarmName", "checkout latency")

    pattern = EventPattern.load(json.dumps(triage.spec(environment).events["alarm"]))

    assert pattern.matches_event(event)
    assert woken(prod, event) == []


def test_the_alarm_event_tells_of_the_alarm_that_the_stack_makes(prod: Synthesized) -> None:
    detail = read("worker_stuck_alarm")["detail"]
    (told,) = detail["configuration"]["metrics"]
    alarm = prod.alarms[detail["alarmName"]]

    metric = told["metricStat"]["metric"]
    assert (metric["namespace"], metric["name"]) == (alarm["Namespace"], alarm["MetricName"])
    assert metric["dimensions"] == {one["Name"]: one["Value"] for one in alarm["Dimensions"]}
    assert told["metricStat"]["period"] == alarm["Period"]
    assert told["metricStat"]["stat"] == alarm["Statistic"]
