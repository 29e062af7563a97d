"""What holds for every function of a stack."""

import json
import re
from typing import Any

import pytest

import redis_probe.probe
from infra.chapters import specs
from infra.environment import load
from reach import settings_class
from runbook.aws import CONNECT_SECONDS, FIX_READ_SECONDS
from runbook.incidents import CLAIM, FUNCTION_TIMEOUT
from runbook.settings import VARIABLE, Common
from runbook.settings import load as load_settings
from synthesized import Synthesized

FOLDERS = [spec.folder for spec in specs(load("prod"))]

MOST_ENVIRONMENT_BYTES = 4096
"""Lambda's limit, names and values together."""
SECRET = re.compile(r"(?i)passw|bearer|eyJ[a-z0-9]|AKIA|ASIA|BEGIN [A-Z ]*KEY|[0-9a-f]{32}")
"""What a secret looks like; the name of a secret is none."""


def variables(stack: Synthesized, folder: str) -> dict[str, Any]:
    found: dict[str, Any] = stack.functions[folder]["Environment"]["Variables"]
    return found


def test_every_function_is_tested_here(stack: Synthesized) -> None:
    assert set(FOLDERS) == set(stack.functions)


def test_every_function_runs_on_the_locked_runtime_and_arm(stack: Synthesized) -> None:
    runs_on = {(one["Runtime"], *one["Architectures"]) for one in stack.functions.values()}

    assert runs_on == {("python3.13", "arm64")}


def test_no_two_functions_share_a_role(stack: Synthesized) -> None:
    roles = [one["Role"] for one in stack.functions.values()]

    assert len(roles) == len(set(roles))


def test_only_lambda_takes_a_functions_role(stack: Synthesized) -> None:
    trusted = [
        (statement["Action"], statement["Principal"])
        for role in stack.of_type("AWS::IAM::Role").values()
        for statement in role["AssumeRolePolicyDocument"]["Statement"]
    ]

    assert all(one == ("sts:AssumeRole", {"Service": "lambda.amazonaws.com"}) for one in trusted)


def test_no_role_has_a_policy_that_aws_manages(stack: Synthesized) -> None:
    assert not [
        one for one in stack.of_type("AWS::IAM::Role").values() if "ManagedPolicyArns" in one
    ]


def test_every_function_has_its_own_log_group_that_forgets(stack: Synthesized) -> None:
    kept = {
        one["LogGroupName"]: one.get("RetentionInDays", 0)
        for one in stack.of_type("AWS::Logs::LogGroup").values()
    }
    used = [one["LoggingConfig"]["LogGroup"] for one in stack.functions.values()]

    assert sorted(used) == sorted(kept)
    assert all(days > 0 for days in kept.values())


def test_a_failed_event_is_tried_once_more_and_then_kept(stack: Synthesized) -> None:
    (queue,) = stack.of_type("AWS::SQS::Queue").values()
    kept = stack.arn("sqs", queue["QueueName"])
    configured = {
        one["FunctionName"]: (
            one["MaximumEventAgeInSeconds"],
            one["MaximumRetryAttempts"],
            one["DestinationConfig"]["OnFailure"]["Destination"],
        )
        for one in stack.of_type("AWS::Lambda::EventInvokeConfig").values()
    }

    names = {one["FunctionName"] for one in stack.functions.values()}
    assert configured == dict.fromkeys(names, (300, 1, kept))


def test_a_function_that_claims_ends_before_its_claim_does(stack: Synthesized) -> None:
    seconds = {folder: one["Timeout"] for folder, one in stack.functions.items()}
    claiming = {folder for folder in FOLDERS if issubclass(settings_class(folder), Common)}

    assert all(seconds[folder] == FUNCTION_TIMEOUT.total_seconds() for folder in claiming)
    assert max(seconds.values()) < CLAIM.total_seconds()


def test_a_function_that_runs_each_minute_has_ended_by_the_next(stack: Synthesized) -> None:
    by_arn = {
        stack.arn("lambda", f"function:{one['FunctionName']}"): one["Timeout"]
        for one in stack.functions.values()
    }
    each_minute = [
        by_arn[target["Arn"]]
        for rule in stack.rules.values()
        if "ScheduleExpression" in rule
        for target in rule["Targets"]
    ]

    assert each_minute
    assert all(seconds <= 60 for seconds in each_minute)


def test_the_probe_answers_before_lambda_ends_it(stack: Synthesized) -> None:
    connect_login_ping_info_llen_hlen = 6
    secret = CONNECT_SECONDS + FIX_READ_SECONDS

    slowest = connect_login_ping_info_llen_hlen * redis_probe.probe.TIMEOUT_SECONDS + secret

    assert slowest < stack.functions["redis_probe"]["Timeout"]


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_functions_own_class_loads_its_settings(stack: Synthesized, folder: str) -> None:
    loaded = load_settings(settings_class(folder), variables(stack, folder))

    told = stack.settings(folder)
    assert {name: getattr(loaded, name) for name in told} == told


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_function_is_told_nothing_but_its_settings(stack: Synthesized, folder: str) -> None:
    assert list(variables(stack, folder)) == [VARIABLE]


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_function_is_told_no_secret(stack: Synthesized, folder: str) -> None:
    assert not SECRET.search(json.dumps(variables(stack, folder)))


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_functions_environment_is_as_small_as_lambda_wants_it(
    stack: Synthesized, folder: str
) -> None:
    size = sum(len(name) + len(value) for name, value in variables(stack, folder).items())

    assert size < MOST_ENVIRONMENT_BYTES
