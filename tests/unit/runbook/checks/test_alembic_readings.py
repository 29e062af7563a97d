"""A reading counts while nothing ran after it; one is started once, and never while switched off."""

from datetime import datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from migrations_world import (
    DEFINITION,
    FAMILY,
    HERE,
    NOW,
    PREFIX,
    definition,
    described,
    downgrade_task,
    minutes,
    task,
    written,
)
from runbook.checks import alembic
from runbook.checks.alembic import COMMAND, Migrations
from runbook.model import Unknown
from runbook.one_off import Task

SWITCH = "/nightshift/prod/switch"


class FakeAws:
    """Clients whose tasks, logs and switch are as a test says."""

    def __init__(self, *tasks: Task, log: list[str] | None = None, switch: str = "on") -> None:
        self.tasks = tasks
        self.log = log
        self.switch = switch
        self.options: dict[str, str] = {}
        self.ran: list[dict[str, Any]] = []
        self.error = ""

    def reader(self, service: str) -> Any:
        del service
        return self

    fixer = reader

    def list_tasks(self, **asked: str) -> dict[str, Any]:
        assert asked["family"] == "saas-migrate"
        stopped = asked["desiredStatus"] == "STOPPED"
        return {"taskArns": [one.arn for one in self.tasks if one.stopped == stopped]}

    def describe_tasks(self, **asked: Any) -> dict[str, Any]:
        return {"tasks": [described(one) for one in self.tasks if one.arn in asked["tasks"]]}

    def describe_task_definition(self, **asked: str) -> dict[str, Any]:
        assert asked["taskDefinition"] == DEFINITION
        return definition(**self.options)

    def get_log_events(self, **asked: Any) -> dict[str, Any]:
        assert asked["logGroupName"] == "/prod/migrate"
        assert asked["logStreamName"].startswith("ecs/migrate/")
        if self.log is None:
            error = {"Error": {"Code": "ResourceNotFoundException"}}
            raise ClientError(error, "GetLogEvents")
        return {"events": [{"message": one} for one in self.log]}

    def get_parameters(self, **asked: Any) -> dict[str, Any]:
        assert asked["Names"] == [SWITCH]
        return {"Parameters": [{"Value": self.switch}] if self.switch else []}

    def run_task(self, **asked: Any) -> dict[str, Any]:
        self.ran.append(asked)
        if self.error:
            raise ClientError({"Error": {"Code": self.error}}, "RunTask")
        return {"tasks": [{"taskArn": "arn"}], "failures": [], "ResponseMetadata": {}}


def look(aws: Any, now: datetime = NOW) -> Migrations | Unknown:
    return alembic.look(aws, FAMILY, PREFIX, now)


def known(found: Migrations | Unknown) -> Migrations:
    assert isinstance(found, Migrations)
    return found


def test_the_newest_reading_counts() -> None:
    reading = task(3)

    found = known(look(FakeAws(task(9, lasted=0.1), reading, log=written())))

    assert found.revisions == HERE
    assert found.reading == reading
    assert not found.needed


@pytest.mark.parametrize(
    "tasks",
    [
        pytest.param((), id="none was made"),
        pytest.param((task(10.1),), id="it is older than 10 min"),
        pytest.param((task(3), task(2, "pipeline/9")), id="somebody's migration ran after it"),
        pytest.param((task(3), task(3.5, "pipeline/9")), id="one ended after it began"),
        pytest.param((task(5), downgrade_task(3)), id="our own downgrade ran after it"),
    ],
)
def test_a_reading_is_needed(tasks: tuple[Task, ...]) -> None:
    found = known(look(FakeAws(*tasks, log=written())))

    assert found.needed
    assert found.revisions is None


@pytest.mark.parametrize(
    ("tasks", "log", "why"),
    [
        pytest.param(
            (task(1, "pipeline/9", lasted=None), task(3)),
            written(),
            "task 9 of saas-migrate, started by pipeline/9, is RUNNING: wait for its end",
            id="somebody migrates",
        ),
        pytest.param(
            (downgrade_task(1, lasted=None),),
            None,
            "is RUNNING: wait for its end",
            id="our downgrade runs",
        ),
        pytest.param(
            (task(1, lasted=None),),
            None,
            "alembic is being asked, its task is RUNNING",
            id="reading",
        ),
        pytest.param(
            (task(1.5, lasted=1),),
            written()[:-1],
            "its lines are on their way",
            id="the log is behind",
        ),
        pytest.param((task(1.5, lasted=1),), None, "are on their way", id="no log stream yet"),
    ],
)
def test_waits_for_what_is_on_its_way(
    tasks: tuple[Task, ...], log: list[str] | None, why: str
) -> None:
    found = known(look(FakeAws(*tasks, log=log)))

    assert why in found.waits
    assert not found.needed
    assert found.revisions is None


@pytest.mark.parametrize(
    ("reading", "log", "why"),
    [
        pytest.param(
            task(3, code=None, reason="TaskFailedToStart, CannotPullContainerError"),
            None,
            "failed: no exit code, TaskFailedToStart, CannotPullContainerError",
            id="no image",
        ),
        pytest.param(
            task(3, code=127), None, "failed: exit code 127, EssentialContainer", id="no sh"
        ),
        pytest.param(
            task(3), written()[:-1], "does not hold a whole answer", id="cut off for good"
        ),
        pytest.param(task(3), None, "does not hold a whole answer", id="no log stream for good"),
    ],
)
def test_a_reading_that_failed_is_unknown(reading: Task, log: list[str] | None, why: str) -> None:
    found = look(FakeAws(reading, log=log))

    assert isinstance(found, Unknown)
    assert why in found.why


@pytest.mark.parametrize(
    ("options", "why"),
    [
        pytest.param(
            {"awslogs-group": "/other"}, "does not log to /prod/migrate", id="other group"
        ),
        pytest.param({"awslogs-stream-prefix": ""}, "have no stream prefix", id="no prefix"),
    ],
)
def test_a_log_that_cannot_be_found_is_unknown(options: dict[str, str], why: str) -> None:
    aws = FakeAws(task(3), log=written())
    aws.options = options

    found = look(aws)

    assert isinstance(found, Unknown)
    assert why in found.why


def start(aws: FakeAws, *tasks: Task, now: datetime = NOW) -> Migrations | Unknown:
    clients: Any = aws
    return alembic.start(clients, FAMILY, PREFIX, SWITCH, Migrations(tasks), now)


def test_a_reading_is_one_fargate_task_without_a_public_address() -> None:
    aws = FakeAws()

    found = known(start(aws))

    [ran] = aws.ran
    assert found.waits == "alembic is being asked since just now"
    assert ran["launchType"] == "FARGATE"
    assert ran["count"] == 1
    assert ran["taskDefinition"] == "saas-migrate"
    assert ran["networkConfiguration"]["awsvpcConfiguration"] == {
        "subnets": ["subnet-1", "subnet-2"],
        "securityGroups": ["sg-1"],
        "assignPublicIp": "DISABLED",
    }
    assert ran["overrides"]["containerOverrides"] == [{"name": "migrate", "command": list(COMMAND)}]
    assert ran["startedBy"] == "nightshift-prod/alembic-current/202611230320-0"
    assert len(ran["clientToken"]) <= 64


def test_two_requests_of_the_same_minutes_ask_for_the_same_task() -> None:
    aws = FakeAws()

    start(aws)
    start(aws, now=NOW + minutes(9))

    first, second = aws.ran
    assert first == second


@pytest.mark.parametrize(
    ("tasks", "later"),
    [
        pytest.param((), 10, id="ten minutes later"),
        pytest.param((downgrade_task(1),), 0, id="after another task"),
    ],
)
def test_another_reading_has_another_token(tasks: tuple[Task, ...], later: float) -> None:
    aws = FakeAws()

    start(aws)
    start(aws, *tasks, now=NOW + minutes(later))

    first, second = aws.ran
    assert first["clientToken"] != second["clientToken"]


def test_a_token_that_is_taken_is_a_reading_that_is_there() -> None:
    aws = FakeAws()
    aws.error = "ConflictException"

    assert known(start(aws)).waits == "alembic is being asked since just now"


def test_another_refusal_of_ecs_is_not_swallowed() -> None:
    aws = FakeAws()
    aws.error = "AccessDeniedException"

    with pytest.raises(ClientError):
        start(aws)


@pytest.mark.parametrize("switch", ["off", "", "On"], ids=["off", "missing", "a typing error"])
def test_starts_nothing_unless_the_switch_is_on(switch: str) -> None:
    aws = FakeAws(switch=switch)

    found = start(aws)

    assert isinstance(found, Unknown)
    assert "alembic was not asked" in found.why
    assert aws.ran == []


def test_the_revision_is_one_line_for_people() -> None:
    found = known(look(FakeAws(task(3), log=written())))

    assert alembic.line(found) == "at b2e4, before it a1f0, heads b2e4"
    assert alembic.line(Unknown("ECS did not answer")) == "unknown: ECS did not answer"
    assert alembic.line(Migrations(())) == "alembic was not asked lately"
