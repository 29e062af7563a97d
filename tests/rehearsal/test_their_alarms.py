"""An environment with alarms of the team's own can be rehearsed: they are there, and never ring."""

from types import SimpleNamespace
from typing import Any

import boto3
from moto import mock_aws

from infra.environment import load
from rehearsal.stage import Stage
from runbook.checks import alarms

EXISTING = {"worker_stuck": ["Queue: too long"], "backend_5xx": ["5xx", "Queue: too long"]}


@mock_aws
def test_the_alarms_that_an_environment_names_are_there() -> None:
    environment = load("prod").model_copy(update={"existing_alarms": EXISTING})
    session = boto3.session.Session("key", "secret", region_name=environment.region)
    stage: Any = SimpleNamespace(environment=environment, aws=session)

    Stage._alarms_of_the_team(stage)

    names = ["5xx", "Queue: too long"]
    assert alarms.states(session.client("cloudwatch"), names) == dict.fromkeys(names, "OK")
