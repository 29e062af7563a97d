"""The front end goes back to what production showed before, and counts once production has stayed there."""

from typing import Any

import pytest

from backend_facts import UNKNOWN, ago, kind
from rollback import frontend
from rollback.frontend import Facts, Wish
from rollback_facts import NOW, attempt, front, front_decided, incident, job, moved
from runbook.checks.vercel import Deployment
from runbook.errors import TriggerError
from runbook.model import Apply, Escalate, Outcome, Resolve, Status, Verdict, Wait

AT_2: dict[str, Any] = {"production": "dpl_2", "job": job()}
CURL = (
    'curl -X POST "https://api.vercel.com/v1/projects/prj_saas/rollback/dpl_2" '
    '-H "Content-Type: application/json" -d "{}" -H "Authorization: Bearer $(aws secretsmanager '
    'get-secret-value --region me-south-1 --secret-id prod/vercel-token --query SecretString --output text)"'
)


def test_goes_back_to_what_production_showed_before() -> None:
    decision = front_decided(front(), to="")

    assert decision == Apply(
        "rollback_frontend",
        "production back to dpl_2 of abcde20 21 Nov 03:00 from dpl_3; "
        "environment variables and cron jobs are those of the older deployment",
        command=CURL,
        undo="by hand: vercel promote dpl_3, or Undo Rollback in the dashboard",
    )


def test_goes_back_to_the_named_deployment() -> None:
    decision = front_decided(front(), to="dpl_1")

    assert isinstance(decision, Apply)
    assert "/rollback/dpl_1" in decision.command


def test_a_staged_deployment_is_passed_over() -> None:
    staged = Deployment("dpl_9", ago(1500), served=False)
    three, two, one = front().frontend.deployments  # type: ignore[union-attr]  # it is known here

    decision = front_decided(front(deployments=(three, staged, two, one)), to="")

    assert isinstance(decision, Apply)
    assert "/rollback/dpl_2" in decision.command


@pytest.mark.parametrize(
    ("changes", "to", "expected"),
    [
        pytest.param({}, "dpl_3", "production shows dpl_3 already", id="already"),
        pytest.param({}, "dpl_7", "dpl_7 is none of the last 3 READY production", id="unknown-one"),
        pytest.param(
            {"production": "dpl_2"},
            "dpl_3",
            "dpl_3 is newer than what production shows",
            id="newer",
        ),
        pytest.param(
            {"production": "dpl_1"}, "", "no earlier deployment can be gone back to", id="the-first"
        ),
        pytest.param(
            {"production": "dpl_8"}, "", "production shows dpl_8, none of the last 3", id="too-old"
        ),
        pytest.param(
            {"job": job("pending")}, "", "Vercel is pointing production elsewhere", id="busy"
        ),
        pytest.param(
            {
                "deployments": (
                    Deployment("dpl_3", ago(9)),
                    Deployment("dpl_2", ago(10), served=False),
                )
            },
            "dpl_2",
            "dpl_2 has never been what production showed",
            id="staged",
        ),
    ],
)
def test_refuses_what_cannot_be_gone_back_to(
    changes: dict[str, Any], to: str, expected: str
) -> None:
    decision = front_decided(front(**changes), to=to)

    assert isinstance(decision, Escalate)
    assert decision.reason.startswith(expected)


@pytest.mark.parametrize(
    ("before", "expected"), [("dpl_3", "Apply rollback_frontend"), ("dpl_2", "Escalate")]
)
def test_a_request_may_say_what_production_shows(before: str, expected: str) -> None:
    assert kind(front_decided(front(), to="", before=before)) == expected


def test_starts_nothing_blind() -> None:
    assert kind(front_decided(Facts(NOW, UNKNOWN), to="")) == "Wait blind"


@pytest.mark.parametrize(
    ("seen", "minutes", "expected"),
    [
        pytest.param(front(**AT_2), 1.9, "Wait", id="there-for-less-than-2-min"),
        pytest.param(front(**AT_2), 2, "Resolve VERIFIED", id="there-for-2-min"),
        pytest.param(front(), 9.9, "Wait", id="not-there-yet"),
        pytest.param(front(), 10, "Escalate FAILED", id="not-there-after-10-min"),
        pytest.param(front(job=job("pending")), 4, "Wait", id="vercel-is-at-it"),
        pytest.param(front(job=job("failed")), 4, "Escalate FAILED", id="vercel-says-failed"),
        pytest.param(front(job=job("skipped")), 4, "Escalate FAILED", id="vercel-says-skipped"),
        pytest.param(front(job=job("failed", minutes=60)), 4, "Wait", id="an-older-request-failed"),
        pytest.param(front(job=job("failed", to="dpl_1")), 4, "Wait", id="another-request-failed"),
        pytest.param(front(production="dpl_1"), 4, "Wait SUPERSEDED", id="somebody-chose-another"),
        pytest.param(Facts(NOW, UNKNOWN), 4, "Wait blind", id="unknown"),
    ],
)
def test_judges_by_what_production_shows(seen: Facts, minutes: float, expected: str) -> None:
    assert kind(front_decided(seen, incident(moved(minutes)))) == expected


def test_is_verified_and_says_that_no_release_reaches_production() -> None:
    why = (
        "the rollback of 02:55 to dpl_2 is proved: production shows it; "
        "new deployments do not reach it before a promotion"
    )

    assert front_decided(front(**AT_2), incident(moved())) == Resolve(
        why, Verdict(Outcome.VERIFIED, why)
    )


def test_a_failure_comes_with_what_to_type() -> None:
    decision = front_decided(front(), incident(moved(10)))

    assert isinstance(decision, Escalate)
    assert decision.proposal.startswith(CURL)


def test_a_request_waits_for_the_answer_of_the_call_before_it() -> None:
    assert isinstance(front_decided(front(), incident(moved(1, None)), to=""), Wait)


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        pytest.param(front(), "Wait", id="still-at-the-bad-one"),
        pytest.param(front(production="dpl_1"), "Resolve", id="somebody-chose-another"),
        pytest.param(front(production="dpl_1", job=job("pending")), "Wait", id="being-moved"),
        pytest.param(Facts(NOW, UNKNOWN), "Wait", id="unknown"),
    ],
)
def test_after_a_failure_it_ends_when_production_shows_another_one(
    seen: Facts, expected: str
) -> None:
    about = incident(moved(60, Outcome.FAILED), status=Status.ESCALATED)

    assert kind(front_decided(seen, about)) == expected


def test_a_look_that_nobody_asked_for_starts_nothing() -> None:
    assert kind(front_decided(front(), incident())) == "Resolve"
    assert kind(front_decided(front(), incident(attempt(60, Outcome.VERIFIED)))) == "Resolve"


def test_shows_production_and_what_it_showed_before() -> None:
    seen = front(job=job("succeeded", to="dpl_3")).seen()

    assert (
        seen["production"] == "dpl_3 of abcde30 22 Nov 03:00; last moved by a rollback, succeeded"
    )
    assert seen["deployments"] == "dpl_2 of abcde20 21 Nov 03:00, dpl_1 of abcde10 20 Nov 03:00"


def test_understands_a_deployments_id() -> None:
    assert frontend.understand({}) == Wish()
    assert frontend.understand({"from": "dpl_3"}) == Wish("", "dpl_3")
    assert frontend.understand({"to": "dpl_5WJWYSyB7BpgTj3EuwF37WMRBXBtPQ2iTMJHJBJyRfd"}) == Wish(
        "dpl_5WJWYSyB7BpgTj3EuwF37WMRBXBtPQ2iTMJHJBJyRfd"
    )


@pytest.mark.parametrize(
    "to",
    [
        pytest.param("", id="empty"),
        pytest.param("*", id="wildcard"),
        pytest.param("dpl_*", id="any"),
        pytest.param("dpl_1/../../v9/x", id="a-path"),
        pytest.param("dpl_1?teamId=other", id="a-query"),
        pytest.param("app-abc.vercel.app", id="an-address"),
        pytest.param("dpl_1\n", id="a-line-more"),
        pytest.param(1, id="a-number"),
        pytest.param(None, id="null"),
    ],
)
def test_refuses_what_is_no_deployments_id(to: Any) -> None:
    for field in ("to", "from"):
        expected = rf"request\.{field} is .*expected a deployment's id, dpl_"
        with pytest.raises(TriggerError, match=expected):
            frontend.understand({field: to})
