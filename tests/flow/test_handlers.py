"""Lambda's entries as they are imported and called: their settings, their answer, their metric."""

import importlib
import json
import sys
from types import ModuleType, SimpleNamespace

import pytest

from building import PATROL, SETTINGS
from disturb import refuse
from runbook.settings import VARIABLE
from seam import aws
from stage import Stage, event

CONTEXT = SimpleNamespace(
    function_name="nightshift-prod",
    memory_limit_in_mb=512,
    invoked_function_arn="arn:aws:lambda:me-south-1:111122223333:function:nightshift-prod",
    aws_request_id="request",
)


def _imported(monkeypatch: pytest.MonkeyPatch, name: str, settings: object) -> ModuleType:
    """Import a handler as Lambda does, once its environment is set."""
    monkeypatch.setenv(VARIABLE, json.dumps(vars(settings)))
    monkeypatch.delitem(sys.modules, name, raising=False)
    return importlib.import_module(name)


@pytest.fixture
def patrol(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    handler = _imported(monkeypatch, "patrol.handler", PATROL)
    monkeypatch.setattr(handler, "patrol", stage.rounds())
    return handler


def test_a_complete_pass_is_the_heartbeat(
    patrol: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    done = patrol.handle(event("patrol_schedule"), CONTEXT)

    assert done["problems"] == []
    assert '"Heartbeat":[1.0]' in capsys.readouterr().out


def test_a_pass_with_a_problem_has_no_heartbeat_and_says_why(
    patrol: ModuleType, stage: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    stage.hooks.before.append(refuse("cloudwatch.DescribeAlarms", actor="nobody"))

    done = patrol.handle(event("patrol_schedule"), CONTEXT)

    [problem] = done["problems"]
    assert problem.startswith("alarms that nobody answered: ")
    assert "Heartbeat" not in capsys.readouterr().out


def test_the_scenarios_function_answers_a_person(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    handler = _imported(monkeypatch, "worker_stuck.handler", SETTINGS)
    monkeypatch.setattr(handler, "kit", stage.kit())
    monkeypatch.setattr(handler, "aws", aws())

    answer = handler.handle(event("worker_stuck_by_hand"), CONTEXT)

    assert (answer["incident"], answer["would_change"]) == ("none is open", "nothing")
    assert stage.items() == []


def test_init_makes_no_client_that_few_looks_need(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    del stage

    handler = _imported(monkeypatch, "worker_stuck.handler", SETTINGS)

    made = {service for service, _ in handler.aws._clients}
    assert made.isdisjoint({"sqs", "events"})
    assert made >= {"dynamodb", "ecs", "sns"}
