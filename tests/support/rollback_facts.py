"""Facts about what a person wants to roll back: a backend at revision 8, a front end at dpl_3."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from backend_facts import NOW, OLD, ago, closer, deployment, past, revision, service
from rollback import frontend, services
from rollback.limits import Limits
from rollback.services_request import Names, Wish
from runbook.checks.service_deployments import History
from runbook.checks.vercel import Deployment, Frontend, Job, Place
from runbook.fixes.frontend import RollbackFrontend
from runbook.model import Attempt, Decision, Incident, Outcome, Status

LIMITS = Limits()
NAMES = Names("me-south-1", "saas-prod", "saas-backend", "saas-backend", "saas-worker")
PLACE = Place("https://api.vercel.com/", "prj_saas", "", "prod/vercel-token")
ALREADY = past(8, 90)
"""The deployment of revision 8, an hour and a half ago."""


def facts(**changes: Any) -> services.Facts:
    """Return a backend that runs revision 8 since 90 min, and ran revision 7 for days before."""
    worker = closer().worker
    usual = services.Facts(
        at=NOW,
        service=service(deployment(8, 90)),
        history=History((ALREADY, OLD)),
        stopped=(),
        revisions=("saas-backend:8", "saas-backend:7"),
        other=worker,
    )
    return replace(usual, **changes)


def front(**changes: Any) -> frontend.Facts:
    """Return a front end that shows dpl_3, and showed dpl_2 and dpl_1 before."""
    return frontend.Facts(NOW, project(**changes))


def project(**changes: Any) -> Frontend:
    """Return the project of that front end."""
    deployments = tuple(
        Deployment(f"dpl_{number}", ago((4 - number) * 1440), commit=f"abcde{number}0")
        for number in (3, 2, 1)
    )
    return replace(Frontend("dpl_3", deployments), **changes)


def job(status: str = "succeeded", to: str = "dpl_2", minutes: float = 4, **more: Any) -> Job:
    """Return Vercel's last request to point production elsewhere."""
    return replace(Job("rollback", to, status, ago(minutes)), **more)


def attempt(
    minutes: float = 20, outcome: Outcome | None = Outcome.APPLIED, **changes: Any
) -> Attempt:
    """Return a rollback of the backend to revision 7, of so many minutes ago."""
    usual = Attempt(
        intent_id="intent-1",
        fix="rollback",
        resource="ecs:saas-prod/saas-backend",
        reason="it was bad",
        prior={
            "deployment": "ecs-svc/8",
            "task_definition": revision(8),
            "to": revision(7),
            "stop": "",
        },
        intended_at=ago(minutes),
        tried_at=ago(minutes),
        outcome=outcome,
        outcome_at=ago(minutes) if outcome else None,
        left={"deployment": "ecs-svc/9", "task_definition": revision(7), "stopped": ""},
    )
    return replace(usual, **changes)


def moved(minutes: float = 5, outcome: Outcome | None = Outcome.APPLIED, **changes: Any) -> Attempt:
    """Return a rollback of the front end to dpl_2, of so many minutes ago."""
    return attempt(
        minutes,
        outcome,
        fix="rollback_frontend",
        resource="vercel:prj_saas",
        prior={"deployment": "dpl_3", "to": "dpl_2"},
        left={"deployment": "dpl_2"},
        **changes,
    )


def incident(*attempts: Attempt, **changes: Any) -> Incident:
    """Return an open incident of a rollback."""
    usual = Incident(
        id="rollback-20261123-0240-7f3a",
        scenario="rollback",
        target="saas-backend",
        status=Status.OPEN,
        version=3,
        opened_at=NOW - timedelta(minutes=20),
        attempts=attempts,
    )
    return replace(usual, **changes)


def front_fix(to: str = "", aws: Any = None, place: Place = PLACE) -> RollbackFrontend:
    """Return the front end's fix."""
    return RollbackFrontend(aws, "me-south-1", place, to, "rollback_backend")


def decided(
    seen: services.Facts,
    about: Incident | None = None,
    to: str | None = None,
    before: str = "",
) -> Decision:
    """Decide about the backend; ``to`` is what a person names, an empty text for nothing."""
    wish = None if to is None else Wish(to, before)
    return services.decide(seen, about or incident(), wish, LIMITS, NAMES)


def front_decided(
    seen: frontend.Facts,
    about: Incident | None = None,
    to: str | None = None,
    before: str = "",
) -> Decision:
    """Decide about the front end."""
    wish = None if to is None else frontend.Wish(to, before)
    return frontend.decide(seen, about or incident(), wish, LIMITS, front_fix(to or ""))
