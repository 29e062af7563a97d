"""What one invocation writes: metrics about Redis always, about the queue only when it was read."""

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from redis_probe.probe import Settings

FUNCTIONS = Path(__file__).parents[3] / "functions"
EVENTS = Path(__file__).parents[3] / "events"
INVOKE = """
import json, sys
from types import SimpleNamespace
from redis_probe.handler import handle
context = SimpleNamespace(
    function_name="f", memory_limit_in_mb=128, invoked_function_arn="arn", aws_request_id="r"
)
print(json.dumps({"answer": handle(json.loads(sys.argv[1]), context)}))
"""


def invoked(settings: Settings, event: str) -> list[dict[str, Any]]:
    """Return the lines that a fresh function writes in one invocation, its answer last."""
    done = subprocess.run(  # noqa: S603  # our own interpreter with our own code
        [sys.executable, "-c", INVOKE, (EVENTS / event).read_text()],
        env={"PYTHONPATH": str(FUNCTIONS), "NIGHTSHIFT_SETTINGS": json.dumps(asdict(settings))},
        capture_output=True,
        check=True,
        timeout=60,
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


def metrics(lines: list[dict[str, Any]]) -> dict[str, Any]:
    """Return name and values of all metrics."""
    described = [line for line in lines if "_aws" in line]
    return {
        metric["Name"]: line[metric["Name"]]
        for line in described
        for metric in line["_aws"]["CloudWatchMetrics"][0]["Metrics"]
    }


@pytest.mark.parametrize("event", ["redis_probe_schedule.json", "redis_probe_by_hand.json"])
def test_emits_and_answers_that_redis_is_down(
    event: str, free_port: int, settings: Callable[..., Settings]
) -> None:
    lines = invoked(settings(free_port), event)

    assert metrics(lines) == {"RedisUp": [0.0]}
    answer = lines[-1]["answer"]
    assert (answer["up"], answer["depth"], answer["unacked"]) == (False, None, None)
    assert [line["why"] for line in lines if "why" in line] == [answer["error"]]


def test_emits_nothing_and_says_why_where_redis_answers_with_an_error(
    listener: Callable[[bytes], int], settings: Callable[..., Settings]
) -> None:
    port = listener(b"-NOAUTH Authentication required.\r\n" * 9)

    lines = invoked(settings(port), "redis_probe_schedule.json")

    assert metrics(lines) == {}
    assert lines[-1]["answer"]["up"] is None
    assert [line["why"] for line in lines if "why" in line] == [
        "AuthenticationError: NOAUTH Authentication required."
    ]


def test_emits_and_answers_what_redis_holds(
    server: Callable[[], int], settings: Callable[..., Settings]
) -> None:
    lines = invoked(settings(server()), "redis_probe_schedule.json")

    answer = lines[-1]["answer"]
    assert metrics(lines) == {
        "RedisUp": [1.0],
        "RedisRun": [float(int(answer["run_id"][:12], 16))],
        "QueueDepth": [0.0],
        "Unacked": [0.0],
    }


@pytest.mark.parametrize(
    ("event", "expected"),
    [("redis_probe_schedule.json", None), ("redis_probe_by_hand.json", 0)],
)
def test_counts_quotas_for_a_direct_call_only(
    event: str,
    expected: int | None,
    server: Callable[[], int],
    settings: Callable[..., Settings],
) -> None:
    lines = invoked(settings(server()), event)

    assert lines[-1]["answer"]["quota_keys"] == expected
