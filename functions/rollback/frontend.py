"""Rolling the front end back, as a table: what is seen and asked for, what follows. Pure.

The rows are asked in order; the first that applies decides.

=========================================================  =========================================
sees                                                       decides
=========================================================  =========================================
the answer of a call is out                                wait
a rollback of ours, not judged yet:
  the project unknown                                      wait, blind
  production shows the wanted deployment for 2 min         verified, resolve
  production shows it                                      wait
  Vercel says that it failed                               escalate
  production shows another one than before and wanted      wait; the rollback is superseded
  production shows what it showed before                   wait; 10 min: escalate
asked for, the project unknown                             wait, blind: refused
asked for, nothing to go back to                           escalate: refused, with the list
asked for                                                  apply *rollback_frontend*
nobody asks, the last rollback failed, production moved    resolve
nobody asks, the last rollback failed                      wait
nobody asks                                                resolve
=========================================================  =========================================
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from rollback.limits import Limits
from rollback.part import afterwards, unfinished
from runbook.checks import vercel
from runbook.checks.vercel import MOVING, SUCCEEDED, Frontend
from runbook.clock import minutes
from runbook.errors import TriggerError
from runbook.fields import shown
from runbook.fixes.frontend import RollbackFrontend, asked, plan
from runbook.model import (
    Apply,
    Attempt,
    Decision,
    Escalate,
    Incident,
    Outcome,
    Resolve,
    Unknown,
    Verdict,
    Wait,
)
from runbook.tell import quote

FIELDS = ("to", "from")
UNDONE_BY = (
    "nothing, and no release reaches production either: after a rollback Vercel assigns the production "
    "domains to no new deployment until one is promoted (vercel promote, or Undo Rollback)"
)
STALE = "environment variables and cron jobs are those of the older deployment"


@dataclass(frozen=True)
class Wish:
    """What a person asks for.

    Attributes:
        to: a deployment's id; empty for the one that production showed before.
        before: the deployment that production must show; empty for any.
    """

    to: str = ""
    before: str = ""


def understand(found: Mapping[str, Any]) -> Wish:
    """Understand a request's own fields.

    Raises:
        TriggerError: a deployment is not written as Vercel writes ids.
    """
    for name in FIELDS:
        value = found.get(name, "dpl_1")
        if not isinstance(value, str) or not vercel.DEPLOYMENT.fullmatch(value):
            raise TriggerError(
                f"request.{name} is {shown(value)}; expected a deployment's id, dpl_..., written out"
            )
    return Wish(found.get("to", ""), found.get("from", ""))


@dataclass(frozen=True)
class Facts:
    """What is known about the front end at one moment.

    Attributes:
        at: when the reads were made.
        frontend: the project.
    """

    at: datetime
    frontend: Frontend | Unknown

    def seen(self) -> dict[str, str]:
        """Return one short line per question."""
        found = {"production": vercel.line(self.frontend)}
        if isinstance(self.frontend, Unknown):
            return found
        others = [one for one in self.frontend.deployments if one.id != self.frontend.production]
        listed = ", ".join(one.line + ("" if one.served else " (never shown)") for one in others)
        return {**found, "deployments": listed or "no other one is READY", "stale": STALE}


def decide(
    facts: Facts, incident: Incident, wish: Wish | None, limits: Limits, fix: RollbackFrontend
) -> Decision:
    """Return the first row's decision that applies."""
    found = unfinished(incident) or _judge(facts, incident, limits, fix)
    if found is not None:
        return found
    if wish is not None:
        return _start(facts, wish, fix)
    return afterwards(incident, _well(facts, incident))


def _start(facts: Facts, wish: Wish, fix: RollbackFrontend) -> Decision:
    frontend = facts.frontend
    if isinstance(frontend, Unknown):
        return Wait(frontend.why, blind=True)
    if wish.before not in ("", frontend.production):
        return Escalate(f"production shows {frontend.production}, the request says {wish.before}")
    planned = plan(frontend, wish.to)
    if isinstance(planned, str):
        return Escalate(planned)
    return Apply(
        fix.name,
        f"production back to {planned.line} from {frontend.production}; {STALE}",
        command=fix.typed(planned.id),
        undo=fix.promote(frontend.production),
    )


def _judge(
    facts: Facts, incident: Incident, limits: Limits, fix: RollbackFrontend
) -> Decision | None:
    """Judge the last rollback; None when there is none to judge."""
    attempt = incident.unverified
    if attempt is None:
        return None
    if isinstance(facts.frontend, Unknown):
        return Wait(facts.frontend.why, blind=True)
    return _judged(facts, facts.frontend, attempt, limits, fix)


def _judged(
    facts: Facts, frontend: Frontend, attempt: Attempt, limits: Limits, fix: RollbackFrontend
) -> Decision:
    since = attempt.outcome_at or attempt.tried_at
    what = f"the rollback of {since:%H:%M} to {attempt.prior['to']}"
    if frontend.production == attempt.prior["to"]:
        return _arrived(facts, limits, what, since)
    job = frontend.job if asked(frontend, attempt) else None
    if job and job.status not in (*MOVING, SUCCEEDED):
        return _failed(f"{what}: Vercel says {quote(job.status)}", fix, attempt)
    if frontend.production != attempt.prior["deployment"]:
        why = f"{what}: somebody pointed production at {frontend.production} since"
        return Wait(why, verdict=Verdict(Outcome.SUPERSEDED, why))
    waiting = f"{what}: production still shows {frontend.production}"
    late = facts.at - since >= minutes(limits.moving_minutes)
    return (
        _failed(f"{waiting} after {limits.moving_minutes} min", fix, attempt)
        if late
        else Wait(waiting)
    )


def _arrived(facts: Facts, limits: Limits, what: str, since: datetime) -> Decision:
    if facts.at - since < minutes(limits.frontend_settle_minutes):
        return Wait(f"{what}: production shows it, and has to stay there")
    why = (
        f"{what} is proved: production shows it; new deployments do not reach it before a promotion"
    )
    return Resolve(why, Verdict(Outcome.VERIFIED, why))


def _failed(why: str, fix: RollbackFrontend, attempt: Attempt) -> Escalate:
    proposal = f"{fix.typed(str(attempt.prior['to']))}\n(or Instant Rollback in Vercel's dashboard)"
    return Escalate(why, proposal, Verdict(Outcome.FAILED, why))


def _well(facts: Facts, incident: Incident) -> str:
    """Say that production shows another deployment than it was to be taken from; else nothing."""
    frontend, last = facts.frontend, incident.last
    if isinstance(frontend, Unknown) or last is None or frontend.moving:
        return ""
    if frontend.production == last.prior["deployment"]:
        return ""
    return f"production shows {frontend.production} by now"
