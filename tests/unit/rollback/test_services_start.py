"""What a person asks for is chosen from what ECS remembers, or refused with a reason."""

from typing import Any

import pytest

from backend_facts import OLD, UNKNOWN, deployment, kind, past, revision, service
from rollback import services, services_request
from rollback.services_request import Wish
from rollback_facts import ALREADY, decided, facts
from runbook.checks.service_deployments import History
from runbook.errors import TriggerError
from runbook.model import Apply, Escalate

DEPLOY = (
    "aws ecs update-service --region me-south-1 --cluster saas-prod --service saas-backend "
    "--task-definition saas-backend:"
)
LEFT = "saas-worker stays on saas-worker:3; whether the newer version migrated the database cannot be seen"


def test_goes_back_to_the_last_version_that_ran_for_an_hour() -> None:
    expected = Apply(
        "rollback",
        f"from saas-backend:8 back to saas-backend:7, by a new deployment; {LEFT}",
        command=f"{DEPLOY}7",
        undo=f"by hand: {DEPLOY}8",
    )

    assert expected == decided(facts(), to="")


def test_lets_ecs_take_back_a_deployment_that_is_under_way() -> None:
    rolling = past(8, 10, "IN_PROGRESS")
    seen = facts(
        service=service(deployment(8, 10, rollout_state="IN_PROGRESS")),
        history=History((rolling, OLD)),
    )

    decision = decided(seen, to="")

    assert isinstance(decision, Apply)
    assert "by stopping the deployment with rollback" in decision.reason
    assert decision.command.endswith(f"--service-deployment-arn {rolling.arn} --stop-type ROLLBACK")
    assert decision.undo == f"by hand: {DEPLOY}8"


def test_goes_to_the_named_revision() -> None:
    decision = decided(facts(), to="saas-backend:7")

    assert isinstance(decision, Apply)
    assert decision.command == f"{DEPLOY}7"
    assert "no record" not in decision.reason


def test_says_that_ecs_has_no_record_of_a_named_revision() -> None:
    decision = decided(facts(), to="saas-backend:3")

    assert isinstance(decision, Apply)
    assert decision.command == f"{DEPLOY}3"
    assert "ECS has no record that it ran for 60 min" in decision.reason


@pytest.mark.parametrize(
    ("changes", "to", "expected"),
    [
        pytest.param(
            {"history": History((past(8, 90), past(7, 120)))},
            "",
            "no earlier version ran for 60 min: ",
            id="none ran for an hour",
        ),
        pytest.param({}, "saas-backend:8", "saas-backend is at saas-backend:8 already", id="same"),
        pytest.param(
            {"history": History((past(8, 5, "IN_PROGRESS"), OLD))},
            "saas-backend:3",
            "saas-backend:8 is being deployed: a request without a revision stops it with rollback",
            id="a named one while another is deployed",
        ),
        pytest.param(
            {
                "service": service(deployment(7, 60)),
                "history": History((past(8, 90, "ROLLBACK_SUCCESSFUL"), OLD)),
            },
            "",
            "saas-backend is at saas-backend:7 already; name another revision",
            id="ecs went back by itself",
        ),
    ],
)
def test_refuses_what_would_change_nothing_or_cannot_be_chosen(
    changes: dict[str, Any], to: str, expected: str
) -> None:
    decision = decided(facts(**changes), to=to)

    assert isinstance(decision, Escalate)
    assert decision.reason.startswith(expected)
    assert "list-service-deployments" in decision.proposal


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        pytest.param("saas-backend:8", "Apply rollback", id="it-is-there"),
        pytest.param("saas-backend:7", "Escalate", id="it-is-elsewhere"),
    ],
)
def test_a_request_may_say_which_version_it_means(before: str, expected: str) -> None:
    assert kind(decided(facts(), to="", before=before)) == expected


def test_while_a_deployment_is_under_way_that_is_the_version_meant() -> None:
    seen = facts(history=History((past(9, 5, "IN_PROGRESS"), ALREADY, OLD)))

    decision = decided(seen, to="", before="saas-backend:8")

    assert isinstance(decision, Escalate)
    assert decision.reason == "saas-backend is at saas-backend:9, the request says saas-backend:8"


@pytest.mark.parametrize("name", ["service", "history"])
def test_starts_nothing_blind(name: str) -> None:
    assert kind(decided(facts(**{name: UNKNOWN}), to="")) == "Wait blind"


def test_the_other_service_need_not_be_known() -> None:
    decision = decided(facts(other=UNKNOWN, revisions=UNKNOWN), to="")

    assert isinstance(decision, Apply)
    assert "saas-worker stays on its version" in decision.reason


def test_shows_the_revisions_the_deployments_and_what_is_left_behind() -> None:
    seen = facts().seen()

    assert seen["revisions"] == "saas-backend:8, saas-backend:7"
    assert seen["deployments"].startswith("saas-backend:8 SUCCESSFUL")
    assert "saas-worker:3" in seen["left behind"]
    assert seen["migrations"] == services.UNSEEN


def test_shows_what_is_not_known() -> None:
    assert facts(revisions=UNKNOWN).seen()["revisions"] == "unknown: not read"
    assert facts(revisions=()).seen()["revisions"] == "none is active"


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        pytest.param({}, Wish(), id="nothing"),
        pytest.param({"to": "saas-backend:12"}, Wish("saas-backend:12"), id="a revision"),
        pytest.param({"from": "saas-backend:8"}, Wish("", "saas-backend:8"), id="where it is"),
    ],
)
def test_understands_a_revision_of_the_family(found: dict[str, Any], expected: Wish) -> None:
    assert expected == services_request.understand(found, "saas-backend")


@pytest.mark.parametrize(
    "to",
    [
        pytest.param("", id="empty"),
        pytest.param("*", id="wildcard"),
        pytest.param("saas-backend", id="no-number"),
        pytest.param("saas-backend:*", id="any-number"),
        pytest.param("saas-backend:0", id="no-such-number"),
        pytest.param("saas-worker:3", id="another-family"),
        pytest.param("saas-backend-x:3", id="begins-like-it"),
        pytest.param("saas-backend:3\n", id="a-line-more"),
        pytest.param(revision(3), id="an-arn"),
        pytest.param(3, id="a-number"),
        pytest.param(None, id="null"),
        pytest.param(["saas-backend:3"], id="a-list"),
    ],
)
def test_refuses_another_target_and_names_the_field(to: Any) -> None:
    for field in ("to", "from"):
        expected = rf"request\.{field} is .*expected .*saas-backend:<number>"
        with pytest.raises(TriggerError, match=expected):
            services_request.understand({field: to}, "saas-backend")
