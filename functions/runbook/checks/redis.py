"""Redis, asked now: the Redis probe runs in the VPC and answers a direct call with a fresh reading."""

import json
from dataclasses import dataclass
from typing import Any

from runbook.model import Unknown
from runbook.permissions import Need

NEEDS = (Need("lambda:InvokeFunction", "redis_probe"),)


@dataclass(frozen=True)
class Reading:
    """What the probe answered.

    Attributes:
        up: whether Redis answered all questions.
        run_id: changes when Redis restarts; empty when it is not up.
        depth: messages in the Celery queue, None when it is not up.
        quota_keys: counters of AI quotas that exist, counted up to a limit; None where not counted.
        error: why it is not up.
        task: what Celery's result says of the task that was asked for; empty where there is none.
    """

    up: bool
    run_id: str
    depth: int | None
    quota_keys: int | None
    error: str
    task: str = ""


def read(lambda_client: Any, probe: str, task: str = "") -> Reading | Unknown:
    """Call the probe and read its answer.

    Args:
        lambda_client: a boto3 client.
        probe: the probe's function name.
        task: id of a Celery task whose result is asked for too; empty for none.
    """
    event = {"reason": "a scenario asks", "task": task}
    answer = lambda_client.invoke(FunctionName=probe, Payload=json.dumps(event).encode())
    if "FunctionError" in answer:
        return Unknown(f"the Redis probe failed: {answer['FunctionError']}")
    try:
        found = json.loads(answer["Payload"].read())
        if found["up"] is None:
            return Unknown(f"Redis cannot be read: {found['error']}")
        return Reading(
            up=bool(found["up"]),
            run_id=str(found["run_id"]),
            depth=found["depth"],
            quota_keys=found.get("quota_keys"),
            error=str(found["error"]),
            task=str(found.get("task", "")),
        )
    except (ValueError, TypeError, KeyError) as error:
        return Unknown(f"the Redis probe's answer cannot be read: {type(error).__name__}")


def line(fact: Reading | Unknown) -> str:
    """Return the reading as one line for people."""
    if isinstance(fact, Unknown):
        return f"unknown: {fact.why}"
    if not fact.up:
        return f"does not answer: {fact.error}"
    quota = "not counted" if fact.quota_keys is None else str(fact.quota_keys)
    return f"up, run {fact.run_id[:12]}, {fact.depth} messages, quota counters: {quota}"
