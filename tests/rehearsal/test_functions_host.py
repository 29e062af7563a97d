"""Deployed functions under AWS's own runtime client, in an interpreter that has boto3 and nothing of ours."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rehearsal.aws.lambdas import Answer, Deployed, Functions
from rehearsal.clock import SharedClock
from rehearsal.processes import Processes

pytestmark = pytest.mark.usefixtures("can_rehearse")

WORKER = "arn:aws:ecs:me-south-1:111122223333:service/saas-prod/saas-worker"
POLICY = {
    "Statement": [{"Effect": "Allow", "Action": "ecs:DescribeServices", "Resource": WORKER}],
}
GUARD = {"region": "me-south-1", "account": "111122223333", "topic_keys": {}}


class Host:
    """Functions, each made of the code that a test gives."""

    def __init__(self, folder: Path, clock: SharedClock, processes: Processes) -> None:
        self.lines: list[tuple[str, str]] = []
        self.guard = folder / "guard.jsonl"
        self._folder = folder
        guard = {**GUARD, "journal": str(self.guard)}
        self.functions = Functions(
            folder, clock, processes, "http://127.0.0.1:9", guard, self._line
        )

    def _line(self, deployed: Deployed, line: str) -> None:
        self.lines.append((deployed.log_group, line))

    def deploy(self, code: str, **other: Any) -> None:
        asset = self._folder / "code"
        asset.mkdir()
        (asset / "handler.py").write_text(code, encoding="utf-8")
        fields = {
            "name": "f",
            "code": asset,
            "handler": "handler.handle",
            "environment": {"SETTING": "from the template"},
            "timeout": 20.0,
            "memory_mib": 256,
            "role": "arn:aws:iam::111122223333:role/f",
            "policies": [POLICY],
            "log_group": "/aws/lambda/f",
            "access_key": "AKIA1",
        }
        self.functions.deploy(Deployed(**{**fields, **other}))

    def call(self, event: Any = None) -> Answer:
        return self.functions.invoke("f", event, "request-1")

    def written(self) -> list[dict[str, str]]:
        if not self.guard.exists():
            return []
        return [json.loads(line) for line in self.guard.read_text().splitlines()]


@pytest.fixture
def host(tmp_path: Path, clock: SharedClock, processes: Processes) -> Iterator[Host]:
    made = Host(tmp_path, clock, processes)
    yield made
    made.functions.close()


def test_gets_the_event_and_answers(host: Host) -> None:
    host.deploy("""
import os
def handle(event, context):
    return [event, context.aws_request_id, context.function_name, os.environ["SETTING"]]
""")

    answer = host.call({"id": "e", "detail": ["é"]})

    assert answer.payload == [
        {"id": "e", "detail": ["é"]}, "request-1", "f", "from the template"
    ]  # fmt: skip
    assert (answer.ok, answer.error) == (True, "")


def test_a_warm_function_keeps_its_state_and_its_lines_reach_its_log_group(host: Host) -> None:
    host.deploy("""
calls = []
def handle(event, context):
    calls.append(event)
    print(f"call {len(calls)}", flush=True)
    return len(calls)
""")

    assert [host.call().payload, host.call().payload] == [1, 2]
    assert [line for line in host.lines if line[1].startswith("call")] == [
        ("/aws/lambda/f", "call 1"),
        ("/aws/lambda/f", "call 2"),
    ]


def test_sees_the_shared_clock_standing_still(host: Host, clock: SharedClock) -> None:
    host.deploy("""
import time
from datetime import UTC, datetime
def handle(event, context):
    first = time.time_ns()
    until = time.monotonic() + 0.05
    while time.monotonic() < until:
        pass
    return [first, time.time_ns(), datetime.now(UTC).isoformat()]
""")

    before = clock.time_ns()
    first, second, told = host.call().payload

    assert first == second
    assert before <= first <= clock.time_ns()
    assert told.startswith("2026-11-23T03:")


def test_an_asset_that_lacks_a_dependency_fails_as_in_lambda(host: Host) -> None:
    host.deploy("import redis\ndef handle(event, context): return 1\n")

    answer = host.call()

    assert not answer.ok
    assert answer.error == "Runtime.ImportModuleError"
    assert "No module named 'redis'" in answer.payload["errorMessage"]


def test_the_interpreter_has_what_lambda_has_and_nothing_of_ours(host: Host) -> None:
    ours = ["aws_lambda_powertools", "celery", "iam", "infra", "launcher", "moto", "psutil"]
    ours += ["redis", "rehearsal", "runbook"]
    host.deploy("""
from importlib.util import find_spec
def handle(event, context):
    return [name for name in event if find_spec(name)]
""")

    assert host.call(["boto3", *ours]).payload == ["boto3"]


def test_a_handler_that_is_not_there_is_reported(host: Host) -> None:
    host.deploy("def other(event, context): return 1\n")

    answer = host.call()

    assert (answer.ok, answer.error) == (False, "Runtime.HandlerNotFound")


def test_an_exception_is_reported_and_the_function_lives_on(host: Host) -> None:
    host.deploy("""
calls = []
def handle(event, context):
    calls.append(event)
    if event == "bad":
        raise ValueError("no such alarm")
    return len(calls)
""")

    answer = host.call("bad")

    assert (answer.ok, answer.error) == (False, "ValueError")
    assert answer.payload["errorMessage"] == "no such alarm"
    assert host.call("good").payload == 2


HANGS = """
calls = []
def handle(event, context):
    calls.append(event)
    while event == "hang":
        pass
    return len(calls)
"""


def test_a_timeout_kills_the_function_and_the_next_call_starts_it_anew(
    host: Host, clock: SharedClock
) -> None:
    host.deploy(HANGS, timeout=1.0)
    host.call("warm up")
    process = host.functions._running["f"].process

    answer = host.call("hang")

    assert (answer.ok, answer.error) == (False, "Sandbox.Timedout")
    assert process.poll() is not None
    assert host.call("again").payload == 1
    assert clock._paused == 0


@pytest.mark.timeout(60)  # it must not be waited for until its own timeout
def test_a_function_that_ends_itself_is_reported_dead_at_once(host: Host) -> None:
    host.deploy(
        """
import os
def handle(event, context):
    os._exit(3)
""",
        timeout=600.0,
    )

    answer = host.call()

    assert (answer.ok, answer.error) == (False, "Runtime.ExitError")


def test_a_function_that_is_broken_on_purpose_is_not_even_started(host: Host) -> None:
    host.deploy(HANGS)
    host.functions.broken.add("f")

    answer = host.call("good")

    assert (answer.ok, answer.error) == (False, "Runtime.ExitError")
    assert host.functions._running == {}


CALLS = """
import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
def handle(event, context):
    client = boto3.client(event["service"], config=Config(retries={"total_max_attempts": 1}))
    try:
        getattr(client, event["method"])(**event["params"])
    except ClientError as error:
        return error.response["Error"]["Code"]
    except BotoCoreError as error:
        return type(error).__name__
"""


def test_its_own_policies_stand_at_the_door(host: Host) -> None:
    host.deploy(CALLS)
    params = {"cluster": "saas-prod", "service": "saas-worker"}

    answer = host.call({"service": "ecs", "method": "update_service", "params": params})

    assert answer.payload == "AccessDeniedException"
    assert host.written() == [{"function": "f", "denied": "ecs:UpdateService", "resource": WORKER}]


def test_its_own_policies_let_it_out_to_the_embedded_aws(host: Host) -> None:
    host.deploy(CALLS)
    params = {"cluster": "saas-prod", "services": ["saas-worker"]}

    answer = host.call({"service": "ecs", "method": "describe_services", "params": params})

    assert answer.payload == "EndpointConnectionError"  # nothing listens at the test's endpoint
    assert host.written() == []


def test_an_operation_that_nobody_judged_ends_the_function(host: Host) -> None:
    host.deploy(CALLS)

    answer = host.call({"service": "ecs", "method": "list_clusters", "params": {}})

    assert not answer.ok
    assert host.written() == [{"function": "f", "unsupported": "ecs.ListClusters"}]
