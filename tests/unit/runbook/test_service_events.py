"""Events of ECS and RDS wake a scenario only about what it looks after."""

from typing import Any

import pytest

from prod_settings import COMMON
from runbook.errors import TriggerError
from runbook.trigger import Trigger, parse

SERVICE = "arn:aws:ecs:me-south-1:111122223333:service/saas-prod/saas-worker"


def event(kind: str, source: str, detail: Any, **changes: Any) -> dict[str, Any]:
    usual = {"account": "111122223333", "region": "me-south-1", "id": "e-1", "resources": [SERVICE]}
    return {"detail-type": kind, "source": source, **usual, "detail": detail, **changes}


def task(**changes: Any) -> dict[str, Any]:
    detail = {
        "clusterArn": "arn:aws:ecs:me-south-1:111122223333:cluster/saas-prod",
        "group": "service:saas-worker",
        "lastStatus": "STOPPED",
        "stopCode": "EssentialContainerExited",
    }
    return event("ECS Task State Change", "aws.ecs", {**detail, **changes})


def deployment(**changes: Any) -> dict[str, Any]:
    detail = {"eventName": "SERVICE_DEPLOYMENT_FAILED"}
    return event("ECS Deployment State Change", "aws.ecs", detail, **changes)


def database(**changes: Any) -> dict[str, Any]:
    detail = {"SourceIdentifier": "saas-prod-db", "EventID": "RDS-EVENT-0049"}
    return event("RDS DB Instance Event", "aws.rds", {**detail, **changes})


def understood(what: object) -> Trigger:
    return parse(
        what,
        COMMON,
        scenario="backend_5xx",
        target="saas-worker",
        alarms=[],
        services=[SERVICE],
        databases=["saas-prod-db"],
    )


@pytest.mark.parametrize(
    ("what", "why"),
    [
        pytest.param(
            task(),
            "ECS: a task of service:saas-worker in saas-prod: EssentialContainerExited",
            id="a task stopped",
        ),
        pytest.param(
            task(stopCode=None),
            "ECS: a task of service:saas-worker in saas-prod: STOPPED",
            id="a task stopped without a code",
        ),
        pytest.param(
            deployment(), "ECS: SERVICE_DEPLOYMENT_FAILED of saas-worker", id="a deployment failed"
        ),
        pytest.param(
            database(), "RDS: RDS-EVENT-0049 of saas-prod-db", id="a database failed over"
        ),
    ],
)
def test_wakes_for_what_it_looks_after(what: dict[str, Any], why: str) -> None:
    assert Trigger("trigger", why, "e-1") == understood(what)


GROUP = "event.detail.group is {!r} in {!r}; expected one of saas-prod service:saas-worker"


@pytest.mark.parametrize(
    ("what", "message"),
    [
        pytest.param(
            task(group="service:other"), GROUP.format("service:other", "saas-prod"), id="service"
        ),
        pytest.param(
            task(clusterArn="arn:aws:ecs:me-south-1:111122223333:cluster/other"),
            GROUP.format("service:saas-worker", "other"),
            id="cluster",
        ),
        pytest.param(
            task(group=None), "event.detail.group is None; expected a text", id="task without group"
        ),
        pytest.param(
            {**task(), "source": "mine"}, "event.source is 'mine'; expected 'aws.ecs'", id="source"
        ),
        pytest.param(
            {**database(), "source": "aws.ecs"},
            "event.source is 'aws.ecs'; expected 'aws.rds'",
            id="source of another service",
        ),
        pytest.param(
            {**task(), "account": "999999999999"},
            "event.account is '999999999999'; expected '111122223333'",
            id="account",
        ),
        pytest.param(
            {**task(), "detail": None}, "event.detail is None; expected an object", id="no detail"
        ),
        pytest.param(
            deployment(resources=[f"{SERVICE}2"]),
            f"event.resources is ['{SERVICE}2']; expected one of {SERVICE}",
            id="deployment of another service",
        ),
        pytest.param(
            deployment(resources={}),
            f"event.resources is {{}}; expected one of {SERVICE}",
            id="odd resources",
        ),
        pytest.param(
            deployment(resources=[]),
            f"event.resources is []; expected one of {SERVICE}",
            id="no resources",
        ),
        pytest.param(
            database(SourceIdentifier="other-db"),
            "event.detail.SourceIdentifier is 'other-db'; expected one of saas-prod-db",
            id="database",
        ),
        pytest.param(
            database(EventID=49), "event.detail.EventID is 49; expected a text", id="odd event id"
        ),
    ],
)
def test_refuses_what_it_does_not_look_after(what: dict[str, Any], message: str) -> None:
    with pytest.raises(TriggerError) as refused:
        understood(what)

    assert message == str(refused.value)


def test_a_scenario_that_asked_for_no_service_events_refuses_them() -> None:
    with pytest.raises(TriggerError, match=r"^event\.detail\.group is 'service:saas-worker'"):
        parse(task(), COMMON, scenario="worker_stuck", target="saas-worker", alarms=[])


@pytest.mark.parametrize("what", [{"services": [SERVICE]}, {"databases": ["d"]}], ids=str)
def test_names_the_service_events_where_it_asked_for_them(what: dict[str, Any]) -> None:
    with pytest.raises(TriggerError) as refused:
        parse({**task(), "detail-type": "odd"}, COMMON, scenario="s", target="t", alarms=[], **what)

    assert str(refused.value) == (
        "detail-type is 'odd'; expected 'CloudWatch Alarm State Change', 'Nightshift Look', "
        "'ECS Task State Change', 'ECS Deployment State Change', 'RDS DB Instance Event'"
    )
