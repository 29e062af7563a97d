"""Roll a front end back: Vercel points the production domains at a deployment that they showed before.

Nothing is built, environment variables are not read again, and it is done within seconds. Repeating it is
harmless. Afterwards Vercel assigns the production domains to no new deployment until one is promoted.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Protocol

from runbook.aws import Aws, Calls
from runbook.checks import http, vercel
from runbook.checks.reading import ask
from runbook.checks.vercel import Deployment, Frontend, Place
from runbook.errors import FixError
from runbook.gate import Change, Landed, Refusal
from runbook.model import Attempt, Unknown
from runbook.secret import bearer

NEEDS = vercel.NEEDS

ACCEPTED = frozenset({200, 201, 202, 204})
LANDS_WITHIN = timedelta(seconds=60)
"""Before this, what Vercel's project does not show yet proves nothing."""
SKEW = timedelta(seconds=5)
"""How far Vercel's clock and ours may differ."""


class Facts(Protocol):
    """What a scenario must have read to roll a front end back."""

    @property
    def at(self) -> datetime: ...  # noqa: D102  # a field of the scenario's facts
    @property
    def frontend(self) -> Frontend | Unknown: ...  # noqa: D102  # a field of the scenario's facts


def plan(frontend: Frontend, to: str) -> Deployment | str:
    """Return the deployment to go back to, or why there is none.

    Args:
        frontend: the project.
        to: a deployment's id; empty for the newest that production showed before the present one.
    """
    now = next((one for one in frontend.deployments if one.id == frontend.production), None)
    if frontend.moving:
        return "Vercel is pointing production elsewhere at this moment: ask again when it is done"
    if to == frontend.production:
        return f"production shows {to} already"
    if now is None:
        last = f"none of the last {len(frontend.deployments)} production deployments"
        return f"production shows {frontend.production}, {last}: choose in Vercel's dashboard"
    if to:
        return _named(frontend, now, to)
    served = [one for one in _earlier(frontend, now) if one.served]
    return served[0] if served else f"no earlier deployment can be gone back to than {now.line}"


def _earlier(frontend: Frontend, now: Deployment) -> list[Deployment]:
    return [one for one in frontend.deployments if one.created_at < now.created_at]


def _named(frontend: Frontend, now: Deployment, to: str) -> Deployment | str:
    named = next((one for one in frontend.deployments if one.id == to), None)
    if named is None:
        return f"{to} is none of the last {len(frontend.deployments)} READY production deployments"
    if named not in _earlier(frontend, now):
        return f"{to} is newer than what production shows: that is a promotion, no rollback"
    return named if named.served else f"{to} has never been what production showed"


@dataclass(frozen=True)
class RollbackFrontend:
    """Point production at an earlier deployment.

    Attributes:
        aws: clients, for the token.
        region: for the command.
        place: the project.
        to: a deployment's id; empty for the one before.
        mode_key: what the gate reads with the switch.
    """

    aws: Aws
    region: str
    place: Place
    to: str
    mode_key: str
    name: str = "rollback_frontend"
    holds: timedelta = timedelta(minutes=15)
    deploys: bool = False
    keep: timedelta | None = None

    @property
    def resource(self) -> str:
        """Return the key of occupancy, cooldown and budget."""
        return f"vercel:{self.place.project}"

    @property
    def undo(self) -> str:
        """Return how it is taken back; that also lets new deployments reach production again."""
        return self.promote("<deployment>")

    def promote(self, deployment: str) -> str:
        """Return how a person puts a deployment into production."""
        team = f" --scope {self.place.team}" if self.place.team else ""
        return f"by hand: vercel promote {deployment}{team}, or Undo Rollback in the dashboard"

    def command(self) -> str:
        """Return what a person would type."""
        return self.typed("<deployment>")

    def typed(self, deployment: str) -> str:
        """Return what a person would type for one deployment; the token stays in its secret."""
        secret = (
            f"aws secretsmanager get-secret-value --region {self.region} "
            f"--secret-id {self.place.secret}"
        )
        return (
            f'curl -X POST "{self._url(deployment)}" -H "Content-Type: application/json" -d "{{}}" '
            f'-H "Authorization: Bearer $({secret} --query SecretString --output text)"'
        )

    def _url(self, deployment: str) -> str:
        return self.place.url(f"v1/projects/{self.place.project}/rollback/{deployment}")

    def rereads(self, facts: Facts) -> Calls:
        """Return the read of the project right before the call."""
        del facts
        read = partial(vercel.read, self.aws, self.place)
        return {"rollback.frontend": partial(ask, f"project {self.place.project}", read)}

    def refuse(self, facts: Facts, answers: Mapping[str, Any]) -> Refusal | None:
        """Refuse where production is not what the decision saw, or the deployment is not to be had."""
        now: Any = answers["rollback.frontend"]
        decided_on: Any = facts.frontend
        for fact in (decided_on, now):
            if isinstance(fact, Unknown):
                return Refusal("target", f"the target cannot be re-read: {fact.why}", "escalate")
        if now.production != decided_on.production:
            why = f"production shows {now.production} by now, which the decision did not see"
            return Refusal("busy", why, "wait")
        planned = plan(now, self.to)
        if isinstance(planned, str):
            return Refusal("target", planned, "escalate")
        seen = plan(decided_on, self.to)
        if isinstance(seen, str) or seen.id != planned.id:
            return Refusal("busy", f"the deployment before is {planned.id} by now", "wait")
        return None

    def prior(self, answers: Mapping[str, Any]) -> dict[str, Any]:
        """Return what production shows, and what it goes back to."""
        now: Frontend = answers["rollback.frontend"]
        planned = plan(now, self.to)
        if isinstance(planned, str):
            raise TypeError(f"asked for the prior state of a rollback that was refused: {planned}")
        return {"deployment": now.production, "to": planned.id}

    def apply(self, attempt: Attempt) -> Change:
        """Send the one request.

        Raises:
            FixError: the secret cannot be read, Vercel refuses, or there is no answer.
        """
        to = str(attempt.prior["to"])
        if not vercel.DEPLOYMENT.fullmatch(to):
            raise TypeError(f"no deployment's id: {to!r}")
        token = bearer(self.aws.fixer("secretsmanager"), self.place.secret)
        reply = http.post(self._url(to), token=token)
        if isinstance(reply, Unknown):
            raise FixError(f"Vercel did not answer: {reply.why}", lost=True)
        if reply.status in vercel.NOT_ACCEPTED:
            raise FixError(f"Vercel answered {reply.status}: {vercel.not_accepted(self.place)}")
        if reply.status not in ACCEPTED:
            raise FixError(
                f"Vercel answered {reply.status}{vercel.said(reply)}", lost=reply.status >= 500
            )
        return Change("", {"deployment": to})

    def left(self, facts: Facts) -> dict[str, Any]:
        """Return what production was pointed at."""
        frontend = facts.frontend
        if isinstance(frontend, Unknown):
            raise TypeError("asked what a call left in a project that could not be read")
        return {"deployment": frontend.job.to if frontend.job else frontend.production}

    def landed(self, facts: Facts, attempt: Attempt) -> Landed:
        """Say whether Vercel has taken the request."""
        frontend = facts.frontend
        if isinstance(frontend, Unknown):
            return Landed.UNREADABLE
        if frontend.production == attempt.prior["to"] or asked(frontend, attempt):
            return Landed.YES
        if frontend.production != attempt.prior["deployment"]:
            return Landed.UNKNOWN
        waited = facts.at - attempt.tried_at
        return Landed.NO if waited >= LANDS_WITHIN else Landed.TOO_EARLY


def asked(frontend: Frontend, attempt: Attempt) -> bool:
    """Say whether the project's last request to point elsewhere is this attempt's."""
    job = frontend.job
    return (
        job is not None
        and job.to == attempt.prior["to"]
        and job.requested_at >= attempt.tried_at - SKEW
    )
