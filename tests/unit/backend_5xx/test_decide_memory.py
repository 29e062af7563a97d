"""Out of memory without a fresh deployment: the next size, once in 7 days; then it is a leak."""

from typing import Any

import pytest

from backend_5xx.checks import Known
from backend_5xx.limits import Limits
from backend_facts import (
    LIMITS,
    UNKNOWN,
    ago,
    crashes,
    decided,
    definition,
    facts,
    kind,
    out_of_memory,
    revision,
)
from runbook.checks.task_definitions import Container
from runbook.model import Apply, Escalate

STOPS = {"stopped": out_of_memory(1, 30)}


def test_raises_the_memory_to_the_next_size() -> None:
    assert decided(facts(**STOPS)) == Apply(
        "raise_memory",
        "2 tasks of saas-backend:8 ran out of memory within the hour: "
        "from 1024 to 2048 MiB, to adopt or revert in 7 days",
        {"from_mib": 1024, "to_mib": 2048},
        command=(
            "aws ecs describe-task-definition --region me-south-1 --task-definition saas-backend:8\n"
            "(register it again with 2048 MiB of memory, and nothing else changed)\n"
            "aws ecs update-service --region me-south-1 --cluster saas-prod --service saas-backend "
            "--task-definition <the new revision with 2048 MiB>"
        ),
        undo=(
            "aws ecs update-service --region me-south-1 --cluster saas-prod --service saas-backend "
            "--task-definition saas-backend:8"
        ),
    )


@pytest.mark.parametrize(
    ("stopped", "expected"),
    [
        pytest.param(out_of_memory(1, 59), "Apply raise_memory", id="two-within-the-hour"),
        pytest.param(out_of_memory(1, 60), "Escalate", id="the-second-is-an-hour-old"),
        pytest.param(out_of_memory(1), "Escalate", id="one"),
        pytest.param(crashes(1, 30), "Escalate", id="crashes-for-another-reason"),
        pytest.param(
            crashes(1, 5, 9, code="ServiceSchedulerInitiated", exit_codes=(137,)),
            "Escalate",
            id="137-of-a-rollout",
        ),
        pytest.param(
            out_of_memory(1, 30, task_definition=revision(7)),
            "Escalate",
            id="of-the-version-before",
        ),
        pytest.param(
            out_of_memory(1, 4, 7), "Apply raise_memory", id="a-crash-loop-for-lack-of-memory"
        ),
    ],
)
def test_two_stops_of_the_running_revision_within_the_hour_count(
    stopped: Any, expected: str
) -> None:
    assert kind(decided(facts(stopped=stopped))) == expected


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        pytest.param(6.9, "Escalate", id="within-7-days"),
        pytest.param(7, "Apply raise_memory", id="7-days-ago"),
    ],
)
def test_memory_is_raised_once_in_seven_days(days: float, expected: str) -> None:
    known = Known((), ago(days * 24 * 60))

    assert kind(decided(facts(**STOPS, known=known))) == expected


def test_out_of_memory_again_is_a_leak() -> None:
    decision = decided(facts(**STOPS, known=Known((), ago(2000))))

    assert isinstance(decision, Escalate)
    assert decision.reason == (
        "a leak: 2 tasks of saas-backend:8 ran out of memory within the hour, "
        "and memory was raised at 21 Nov 17:40 UTC already"
    )


@pytest.mark.parametrize(
    ("changes", "limits", "reason"),
    [
        pytest.param(
            {"containers": (Container("backend", "a"), Container("envoy", "b"))},
            LIMITS,
            "saas-backend:8 has several containers (backend, envoy): "
            "which of them needs memory is not known",
            id="several-containers",
        ),
        pytest.param(
            {},
            Limits(memory_cap_mib=1024, connection_limit=197),
            "saas-backend:8 has 1024 MiB, and the next size, 2048 MiB, is above the cap of 1024 MiB",
            id="at-the-cap",
        ),
        pytest.param(
            {"memory_mib": 4096},
            LIMITS,
            "saas-backend:8 has 4096 MiB, and Fargate has no size 1.5 times that for 512 CPU units",
            id="at-fargates-largest",
        ),
    ],
)
def test_pages_where_there_is_no_next_size(
    changes: dict[str, Any], limits: Limits, reason: str
) -> None:
    decision = decided(facts(**STOPS, definition=definition(**changes)), limits=limits)

    assert isinstance(decision, Escalate)
    assert decision.reason == (
        f"2 tasks of saas-backend:8 ran out of memory within the hour; {reason}"
    )


@pytest.mark.parametrize("name", ["definition", "known"])
def test_does_not_raise_on_what_it_does_not_know(name: str) -> None:
    assert kind(decided(facts(**{**STOPS, name: UNKNOWN}))) == "Wait blind"
