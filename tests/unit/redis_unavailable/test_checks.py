"""What scenario D reads besides: how the task of its own reconcile has ended."""

import io
import json
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.response import StreamingBody

from around import attempt, incident
from fake_redeploy import FakeAws
from redis_unavailable import checks
from runbook.model import Incident, Outcome, Wait

QUEUED = attempt("reconcile", left={"task_id": "t-1"})
SETTINGS: Any = SimpleNamespace(probe="probe")


@pytest.mark.parametrize(
    ("about", "expected"),
    [
        pytest.param(incident(QUEUED), ["task"], id="queued"),
        pytest.param(incident(), [], id="none"),
        pytest.param(
            incident(attempt("reconcile", left={"task_id": ""})), [], id="of no task is told"
        ),
        pytest.param(incident(attempt("reconcile")), [], id="its answer was lost"),
        pytest.param(
            incident(attempt("reconcile", Outcome.VERIFIED, left={"task_id": "t-1"})),
            [],
            id="proved",
        ),
    ],
)
def test_asks_for_the_result_of_a_task_that_is_not_proved(
    about: Incident, expected: list[str]
) -> None:
    facts: Any = None
    aws: Any = FakeAws(readers={"lambda": None})

    assert list(checks.closer_reads(aws, SETTINGS, facts, about, Wait("x"))) == expected


def test_puts_the_result_to_the_facts(stubbed: Any) -> None:
    client, stub = stubbed("lambda")
    body = {"up": True, "run_id": "ab", "depth": 3, "error": "", "task": "SUCCESS"}
    text = json.dumps(body).encode()
    stub.add_response(
        "invoke", {"StatusCode": 200, "Payload": StreamingBody(io.BytesIO(text), len(text))}
    )
    aws: Any = FakeAws(readers={"lambda": client})
    before = checks.Facts(*[None] * 9)  # type: ignore[arg-type]  # only the task matters here
    calls = checks.closer_reads(aws, SETTINGS, before, incident(QUEUED), Wait("x"))

    after = checks.with_closer(before, {name: call() for name, call in calls.items()})

    assert after.task == "SUCCESS"
