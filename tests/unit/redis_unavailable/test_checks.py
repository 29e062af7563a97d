"""What scenario D reads besides: how the task of its own reconcile has ended."""

import io
import json
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.response import StreamingBody

from around import NOW, attempt, incident, series
from fake_redeploy import FakeAws
from redis_unavailable import checks
from runbook.model import Incident, Outcome, Unknown, Wait

QUEUED = attempt("reconcile", left={"task_id": "t-1"})
SETTINGS: Any = SimpleNamespace(probe="probe", environment="prod", queue="celery")


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
    facts: Any = SimpleNamespace(at=NOW)
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
    before = checks.Facts(NOW, *[None] * 8)  # type: ignore[arg-type]  # only the task matters here
    calls = checks.closer_reads(aws, SETTINGS, before, incident(QUEUED), Wait("x"))

    after = checks.with_closer(before, {name: call() for name, call in calls.items()})

    assert after.task == "SUCCESS"


@pytest.mark.parametrize(
    ("opened", "expected"),
    [
        pytest.param(50, [], id="in what each look reads"),
        pytest.param(51, ["whole"], id="older"),
        pytest.param(3000, ["whole"], id="much older"),
    ],
)
def test_reads_the_whole_life_of_an_incident_that_is_older_than_the_window(
    opened: float, expected: list[str]
) -> None:
    facts: Any = SimpleNamespace(at=NOW)
    aws: Any = FakeAws(readers={"cloudwatch": None})

    calls = checks.closer_reads(aws, SETTINGS, facts, incident(opened=opened), Wait("x"))

    assert list(calls) == expected


@pytest.mark.parametrize(
    ("whole", "expected"),
    [
        pytest.param({"up": series(0), "run": series(7)}, (series(0), series(7)), id="read"),
        pytest.param(Unknown("no"), (Unknown("no"), Unknown("no")), id="not read"),
    ],
)
def test_the_whole_life_takes_the_place_of_the_window(whole: Any, expected: Any) -> None:
    before = checks.Facts(NOW, *[None] * 8)  # type: ignore[arg-type]  # only the readings matter here

    after = checks.with_closer(before, {"whole": whole})

    assert (after.up, after.run) == expected
