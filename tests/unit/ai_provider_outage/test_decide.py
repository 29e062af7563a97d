"""Runbook scenario E as a table: wait, switch after 30 min, redeploy, prove it or take both back."""

from dataclasses import replace
from typing import Any

import pytest

from ai_provider_outage.checks import Facts
from ai_provider_outage.decide import Commands, Limits, decide
from around import NOW, ago, attempt, incident, kind, series
from runbook.checks.ecs import Deployment, Service
from runbook.checks.ssm import Parameter
from runbook.checks.status_page import Page
from runbook.model import Apply, Attempt, Decision, Incident, Outcome, Status, Unknown

COMMANDS = Commands("set <provider>", "redeploy it", "look at it", "openai")
UNKNOWN = Unknown("not read")
OUT, GREEN = Page("major", ("API is down",)), Page("none", ())


def service(completed: float = 8) -> Service:
    primary = Deployment(
        "ecs-svc/2", "PRIMARY", "saas-backend:7", "COMPLETED", ago(9), ago(completed), 0
    )
    return Service("saas-backend", 2, 2, 0, "ECS", "ROLLING", (primary,))


def facts(**changes: Any) -> Facts:
    """Return the facts of an outage that the provider admits, the alternate being green."""
    usual = Facts(
        at=NOW,
        alarms={"ai-errors": "ALARM"},
        requests=series(*[100] * 10),
        errors=series(*[80] * 10),
        provider=Parameter("anthropic", 4),
        pages={"anthropic": OUT, "openai": GREEN},
        service=service(),
        running=(),
        stopped=(),
        definition=UNKNOWN,
    )
    return replace(usual, **changes)


NORMAL = {"errors": series(*[2] * 10), "alarms": {"ai-errors": "OK"}}


def decided(seen: Facts, about: Incident, commands: Commands = COMMANDS) -> Decision:
    return decide(seen, about, Limits(), commands)


def switched(outcome: Outcome = Outcome.APPLIED, minutes: float = 20) -> Attempt:
    return attempt(
        "switch_provider",
        outcome,
        minutes,
        prior={"value": "anthropic", "version": 4},
        left={"value": "openai", "version": 5},
    )


def redeployed(outcome: Outcome = Outcome.APPLIED, minutes: float = 15, **more: Any) -> Attempt:
    return attempt("redeploy", outcome, minutes, left={"deployment": "ecs-svc/2"}, **more)


@pytest.mark.parametrize(
    ("changes", "opened", "expected"),
    [
        pytest.param({}, 20, "Wait", id="20 min: users get the fallback"),
        pytest.param({}, 29.9, "Wait", id="not yet 30 min"),
        pytest.param({}, 30, "Apply switch_provider", id="30 min"),
        pytest.param({"pages": {"anthropic": GREEN, "openai": GREEN}}, 14.9, "Wait", id="green"),
        pytest.param({"pages": {"anthropic": GREEN, "openai": GREEN}}, 15, "Escalate", id="15 min"),
        pytest.param({"pages": {"anthropic": UNKNOWN}}, 60, "Wait blind", id="page not readable"),
        pytest.param({"pages": {"anthropic": OUT, "openai": OUT}}, 30, "Escalate", id="both out"),
        pytest.param({"pages": {"anthropic": OUT}}, 30, "Wait blind", id="alternate not readable"),
        pytest.param({"provider": UNKNOWN}, 60, "Wait blind", id="provider not readable"),
        pytest.param({"provider": Parameter("else", 1)}, 60, "Wait blind", id="unknown provider"),
        pytest.param(
            {"provider": Parameter("openai", 9), "pages": {"openai": OUT}},
            60,
            "Escalate",
            id="switched by hand",
        ),
        pytest.param({"requests": series(*[19] * 10)}, 60, "Wait blind", id="too few requests"),
        pytest.param({"requests": UNKNOWN}, 60, "Wait blind", id="requests not readable"),
        pytest.param(NORMAL, 20, "Resolve", id="normal for 5 min"),
        pytest.param({"errors": series(*[2] * 10)}, 20, "Wait", id="normal, alarm not OK"),
    ],
)
def test_the_table_before_a_switch(changes: dict[str, Any], opened: float, expected: str) -> None:
    seen = facts(**changes)

    decision = decided(seen, incident(opened=opened))

    assert kind(decision) == expected


def test_no_alternate_is_a_persons_case() -> None:
    decision = decided(facts(), incident(opened=30), replace(COMMANDS, alternate=""))

    assert kind(decision) == "Escalate"
    assert "no alternate provider is configured" in decision.reason


def test_normal_means_under_10_percent_in_each_of_5_minutes() -> None:
    seen = facts(errors=series(2, 2, 2, 2, 10), alarms={"ai-errors": "OK"})

    decision = decided(seen, incident(opened=20))

    assert kind(decision) == "Wait"


@pytest.mark.parametrize("opened", [20, 40], ids=["green page", "long outage"])
def test_waits_when_the_last_minute_is_normal_again(opened: float) -> None:
    seen = facts(errors=series(80, 80, 80, 80, 2), pages={"anthropic": GREEN, "openai": GREEN})

    decision = decided(seen, incident(opened=opened))

    assert kind(decision) == "Wait"


def test_redeploys_the_backend_in_the_look_after_the_switch() -> None:
    decision = decided(facts(), incident(switched(minutes=1), opened=31))

    assert kind(decision) == "Apply redeploy"


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        pytest.param(facts(service=service(completed=2)), "Wait", id="settling"),
        pytest.param(facts(**NORMAL), "Wait VERIFIED", id="errors are gone"),
        pytest.param(facts(), "Wait FAILED", id="errors go on"),
        pytest.param(facts(errors=UNKNOWN), "Wait blind", id="not readable"),
        pytest.param(facts(requests=series(*[5] * 10)), "Wait blind", id="nobody asks"),
        pytest.param(facts(service=UNKNOWN), "Wait blind", id="backend not readable"),
    ],
)
def test_the_error_rate_judges_switch_and_redeploy(seen: Facts, expected: str) -> None:
    decision = decided(seen, incident(switched(), redeployed(), opened=50))

    assert kind(decision) == expected


def test_what_the_old_tasks_failed_before_they_were_replaced_is_no_verdict() -> None:
    before, since = [80] * 6, [2] * 4
    seen = facts(
        requests=series(*[100] * 10, newest=2),
        errors=series(*before, *since, newest=2),
        service=service(completed=5.2),
    )

    decision = decided(seen, incident(switched(), redeployed(), opened=50))

    assert kind(decision) == "Wait VERIFIED"


def test_a_switch_that_does_not_help_is_taken_back_then_the_backend_redeployed() -> None:
    failed = (switched(Outcome.FAILED), redeployed(Outcome.FAILED))
    back = attempt("switch_back", minutes=2, undoes="intent-switch_provider")

    first = decided(facts(), incident(*failed, opened=50))
    undone = (switched(Outcome.UNDONE), redeployed(Outcome.FAILED), back)
    second = decided(facts(), incident(*undone, opened=50))

    assert kind(first) == "Apply switch_back"
    assert getattr(first, "undoes", "") == "intent-switch_provider"
    assert kind(second) == "Apply redeploy"
    assert getattr(second, "undoes", "") == "intent-redeploy"


def test_pages_once_both_are_taken_back_and_settled() -> None:
    back = attempt("switch_back", minutes=20, undoes="intent-switch_provider")
    again = redeployed(minutes=15, undoes="intent-redeploy")
    undone = (switched(Outcome.UNDONE), redeployed(Outcome.UNDONE, 30), back, again)

    decision = decided(facts(), incident(*undone, opened=60))

    assert kind(decision) == "Escalate"
    assert "taken back" in decision.reason


@pytest.mark.parametrize(
    "attempts",
    [
        pytest.param((switched(),), id="redeploy was left to a person"),
        pytest.param(
            (
                switched(Outcome.UNDONE),
                attempt("switch_back", undoes="intent-switch_provider"),
                redeployed(undoes="x"),
            ),
            id="all taken back",
        ),
    ],
)
def test_ends_also_while_a_person_has_it(attempts: tuple[Attempt, ...]) -> None:
    about = incident(*attempts, opened=90, status=Status.ESCALATED)

    decision = decided(facts(**NORMAL), about)

    assert kind(decision).startswith("Resolve")


def test_switching_back_after_the_providers_recovery_is_offered_only() -> None:
    done = (switched(Outcome.VERIFIED, 40), redeployed(Outcome.VERIFIED, 35))
    seen = facts(**NORMAL, provider=Parameter("openai", 5))

    decision = decided(seen, incident(*done, opened=90))

    assert kind(decision) == "Resolve"
    assert "switching back to anthropic after its recovery is yours" in decision.reason


def test_a_switch_that_aws_refused_is_not_taken_back() -> None:
    refused = replace(switched(Outcome.FAILED), left={})

    decision = decided(facts(), incident(refused, opened=40))

    assert kind(decision) == "Escalate"
    assert "switching was tried already" in decision.reason


def test_does_not_switch_twice_in_one_incident() -> None:
    superseded = switched(Outcome.SUPERSEDED)

    decision = decided(facts(), incident(superseded, opened=60))

    assert kind(decision) == "Escalate"


def test_the_commands_of_switch_and_way_back_name_the_providers() -> None:
    there = decided(facts(), incident(opened=31))
    odd = Parameter("anthropic; rm -rf /", 4)
    pages = {odd.value: OUT, "openai": GREEN}
    quoted = decided(facts(provider=odd, pages=pages), incident(opened=31))
    failed = (switched(Outcome.FAILED), redeployed(Outcome.FAILED))
    back = decided(facts(), incident(*failed, opened=50))

    assert isinstance(there, Apply)
    assert isinstance(quoted, Apply)
    assert isinstance(back, Apply)
    assert there.undo == "set anthropic, then redeploy it"
    assert quoted.undo == "set 'anthropic; rm -rf /', then redeploy it"
    assert (back.command, back.undo) == ("set anthropic", "set openai, then redeploy it")


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        pytest.param("ALARM", "Escalate", id="rings"),
        pytest.param("INSUFFICIENT_DATA", "Wait blind", id="no data"),
    ],
)
def test_an_alarm_that_is_not_ok_while_the_rate_is_normal_is_told(
    state: str, expected: str
) -> None:
    seen = facts(
        requests=series(*[100] * 20),
        errors=series(*[2] * 20),
        alarms={"the team's own": state},
    )

    decision = decided(seen, incident(opened=20))

    assert kind(decision) == expected


@pytest.mark.parametrize("page", [OUT, GREEN], ids=["admitted", "not admitted"])
def test_an_outage_of_an_incident_that_opened_again_is_as_old_as_that(page: Page) -> None:
    seen = facts(pages={"anthropic": page, "openai": GREEN})
    again = incident(opened=50, reopened_at=(ago(2),))

    decision = decided(seen, again)

    assert kind(decision) == "Wait"


def test_takes_back_both_halves_also_while_a_person_has_it() -> None:
    back = attempt("switch_back", minutes=2, undoes="intent-switch_provider", left={"value": "a"})
    undone = (switched(Outcome.UNDONE), redeployed(Outcome.FAILED), back)
    about = incident(*undone, opened=50, status=Status.ESCALATED)

    decision = decided(facts(**NORMAL), about)

    assert kind(decision) == "Apply redeploy"
    assert getattr(decision, "undoes", "") == "intent-redeploy"


def test_a_redeploy_that_aws_refused_takes_nothing_back() -> None:
    back = attempt("switch_back", minutes=9, undoes="intent-switch_provider")
    refused = attempt("redeploy", Outcome.FAILED, 5, undoes="intent-redeploy")
    undone = (switched(Outcome.UNDONE), redeployed(Outcome.FAILED), back, refused)

    decision = decided(facts(), incident(*undone, opened=50, status=Status.ESCALATED))

    assert kind(decision) == "Apply redeploy"
    assert getattr(decision, "undoes", "") == "intent-redeploy"


def test_a_rollout_of_the_way_back_that_never_completes_is_told_without_a_second_verdict() -> None:
    back = attempt("switch_back", minutes=20, undoes="intent-switch_provider")
    again = redeployed(minutes=16, undoes="intent-redeploy")
    undone = (switched(Outcome.UNDONE), redeployed(Outcome.UNDONE, 30), back, again)
    stuck = replace(service().primary, rollout_state="IN_PROGRESS")
    seen = facts(service=replace(service(), deployments=(stuck,)))

    decision = decided(seen, incident(*undone, opened=60))

    assert kind(decision) == "Escalate"
    assert "did not complete" in decision.reason


@pytest.mark.parametrize(
    ("seen", "minutes", "expected"),
    [
        pytest.param(facts(**NORMAL), 8, "Wait", id="tasks are older than the switch"),
        pytest.param(facts(**NORMAL), 20, "Resolve", id="somebody has redeployed since"),
        pytest.param(facts(**NORMAL, service=UNKNOWN), 20, "Wait blind", id="not readable"),
    ],
)
def test_no_end_while_parameter_and_tasks_differ(
    seen: Facts, minutes: float, expected: str
) -> None:
    about = incident(switched(minutes=minutes), opened=90, status=Status.ESCALATED)

    assert kind(decided(seen, about)).replace(" VERIFIED", "") == expected
