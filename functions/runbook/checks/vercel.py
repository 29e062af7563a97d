"""Vercel: which deployment of a project production shows, and which ones it showed before.

Its answers are data: ids are taken only in the form that Vercel makes them, all else is shown quoted. The
bearer token is read right before the calls and appears nowhere else.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from runbook.aws import Aws
from runbook.checks import http
from runbook.errors import FixError
from runbook.model import Unknown
from runbook.permissions import Need
from runbook.secret import bearer
from runbook.tell import quote

NEEDS = (Need("secretsmanager:GetSecretValue", "frontend_secret"),)

DEPLOYMENT = re.compile(r"dpl_[A-Za-z0-9]{1,64}")
MOST_DEPLOYMENTS = 10
"""That are listed, of about 3 KB each: a person who goes back further names the one in Vercel itself."""
MOST_PROJECT_BYTES = 512 * 1024
"""More than other answers may have: a project comes with all its environment variables, encrypted."""
NOT_ACCEPTED = frozenset({401, 403})
MOVING = frozenset({"pending", "in-progress"})
"""States of a request to point the domains elsewhere; it ends as succeeded, failed or skipped."""
SUCCEEDED = "succeeded"
ROLLBACK = "rollback"


@dataclass(frozen=True)
class Place:
    """One project.

    Attributes:
        api: Vercel's API, with a slash at its end.
        project: its id or name.
        team: empty for a personal account.
        secret: the name of the secret with the token.
    """

    api: str
    project: str
    team: str
    secret: str

    def url(self, path: str, **query: str) -> str:
        """Return an address of the API."""
        asked = {**query, **({"teamId": self.team} if self.team else {})}
        return f"{self.api}{path}" + (f"?{urlencode(asked)}" if asked else "")


@dataclass(frozen=True)
class Deployment:
    """One READY production deployment.

    Attributes:
        id: ``dpl_...``.
        created_at: when it was made.
        served: whether production has shown it, as far as Vercel tells; a staged one never was.
        commit: the first 7 digits of what it was built from; empty where Vercel does not tell.
    """

    id: str
    created_at: datetime
    served: bool = True
    commit: str = ""

    @property
    def line(self) -> str:
        """Return it as a few words for people."""
        built = f" of {self.commit}" if self.commit else ""
        return f"{self.id}{built} {self.created_at:%d %b %H:%M}"


@dataclass(frozen=True)
class Job:
    """The last request to point the domains at another deployment.

    Attributes:
        kind: rollback or promote.
        to: where to.
        status: one of ``MOVING``, or how it ended.
        requested_at: when.
    """

    kind: str
    to: str
    status: str
    requested_at: datetime


@dataclass(frozen=True)
class Frontend:
    """A project at one moment.

    Attributes:
        production: id of the deployment that the production domains show.
        deployments: its newest READY production deployments, newest first.
        job: the last request to point elsewhere; None where there was none.
    """

    production: str
    deployments: tuple[Deployment, ...]
    job: Job | None = None

    @property
    def moving(self) -> bool:
        """Say whether Vercel is pointing the domains elsewhere now."""
        return self.job is not None and self.job.status in MOVING


def read(aws: Aws, place: Place) -> Frontend | Unknown:
    """Ask for the project and its newest production deployments."""
    try:
        token = bearer(aws.fixer("secretsmanager"), place.secret)
    except FixError as error:
        return Unknown(str(error))
    project = _get(place, token, place.url(f"v9/projects/{place.project}"), MOST_PROJECT_BYTES)
    if isinstance(project, Unknown):
        return project
    listed = place.url(
        "v6/deployments",
        projectId=place.project,
        target="production",
        state="READY",
        limit=str(MOST_DEPLOYMENTS),
    )
    answer = _get(place, token, listed, http.MOST_BYTES)
    if isinstance(answer, Unknown):
        return answer
    return understand(project, answer)


def _get(place: Place, token: str, url: str, most_bytes: int) -> Mapping[str, Any] | Unknown:
    reply = http.get(url, token=token, most_bytes=most_bytes)
    if isinstance(reply, Unknown):
        return Unknown(f"Vercel: {reply.why}")
    if reply.status in NOT_ACCEPTED:
        return Unknown(f"Vercel answered {reply.status}: {not_accepted(place)}")
    if reply.status != 200 or not isinstance(reply.json, dict):
        return Unknown(f"Vercel answered {reply.status}{said(reply)} about {place.project}")
    found: dict[str, Any] = reply.json
    return found


def not_accepted(place: Place) -> str:
    """Return what a person has to look at where the token does not do."""
    return f"the token in the secret {place.secret} is not accepted for {place.project}"


def said(reply: http.Reply) -> str:
    """Return the code of an error as Vercel names it, for a sentence; empty where it names none."""
    error = reply.json.get("error") if isinstance(reply.json, dict) else None
    code = error.get("code") if isinstance(error, dict) else None
    return f" ({quote(code)[:60]})" if isinstance(code, str) else ""


def understand(project: Mapping[str, Any], listed: Mapping[str, Any]) -> Frontend | Unknown:
    """Make the two answers into what is known; a shape that we do not know is Unknown."""
    try:
        job = _job(project.get("lastAliasRequest"))
        production = str(project["targets"]["production"]["id"])
        found = [_deployment(one) for one in listed["deployments"]]
    except (AttributeError, LookupError, TypeError, ValueError, OverflowError) as error:
        return Unknown(
            f"Vercel: an answer of another shape ({type(error).__name__}: {quote(str(error))})"
        )
    if job and job.kind == ROLLBACK and job.status == SUCCEEDED:
        # Until something is promoted, a rollback holds whatever was deployed since.
        production = job.to
    if not DEPLOYMENT.fullmatch(production):
        return Unknown(f"Vercel: production shows {quote(production)}, which is no deployment's id")
    ready = sorted((one for one in found if one), key=lambda one: one.created_at, reverse=True)
    return Frontend(production, tuple(ready), job)


def _deployment(found: Mapping[str, Any]) -> Deployment | None:
    name = str(found.get("uid") or found["id"])
    if not DEPLOYMENT.fullmatch(name):
        raise ValueError(f"{name!r} is no deployment's id")
    if (found.get("readyState") or found.get("state")) != "READY":
        return None
    if found.get("target") != "production":
        return None
    substate = found.get("readySubstate")
    served = substate in (None, "PROMOTED") and found.get("isRollbackCandidate") is not False
    sha = (found.get("meta") or {}).get("githubCommitSha")
    commit = sha[:7] if isinstance(sha, str) and re.fullmatch("[0-9a-f]{7,64}", sha) else ""
    return Deployment(name, _moment(found.get("created") or found["createdAt"]), served, commit)


def _job(found: Mapping[str, Any] | None) -> Job | None:
    if not found:
        return None
    to = str(found["toDeploymentId"])
    if not DEPLOYMENT.fullmatch(to):
        raise ValueError(f"{to!r} is no deployment's id")
    return Job(
        kind=str(found["type"]),
        to=to,
        status=str(found["jobStatus"]),
        requested_at=_moment(found["requestedAt"]),
    )


def _moment(milliseconds: Any) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def line(fact: Frontend | Unknown) -> str:
    """Return what production shows as one line for people."""
    if isinstance(fact, Unknown):
        return f"unknown: {fact.why}"
    shown = next((one.line for one in fact.deployments if one.id == fact.production), "")
    job = fact.job
    last = f"; last moved by a {quote(job.kind)}, {quote(job.status)}" if job else ""
    return f"{shown or fact.production}{last}"
