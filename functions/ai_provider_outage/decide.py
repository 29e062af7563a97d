"""Runbook scenario E as a table: what is seen, what follows. Pure: no AWS, no clock, no environment.

The rows are asked in order; the first that applies decides.

=====================================================  ==========================================
sees                                                   decides
=====================================================  ==========================================
switched, backend not yet redeployed                   redeploy the backend
switched and redeployed, settling                      wait
switched, and the error rate is normal                 verified
switched, and it is not                                switch back, redeploy, then escalate
the backend's tasks are older than the parameter       no end: wait, a person has it
error rate normal for 5 min, alarms OK                 resolve; one rings for 15 min: escalate
error rate normal in the last minute                   wait: it may be over
the provider's page admits no outage                   wait; 15 min: escalate
outage for less than 30 min                            wait: users get the fallback
longer, no alternate, or it is the one in use          escalate
longer, the alternate is not green                     escalate
longer, alternate green                                switch provider
=====================================================  ==========================================

A switch is two changes: the parameter, and new backend tasks that read it. Each is one look's own, so each
row asks the history which of them is done.
"""

import shlex
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from ai_provider_outage.checks import Facts
from runbook.checks import metrics
from runbook.clock import minutes, whole_minutes
from runbook.fixes import redeploy
from runbook.model import (
    Apply,
    Attempt,
    Decision,
    Escalate,
    Incident,
    Outcome,
    Resolve,
    Status,
    Unknown,
    Verdict,
    Wait,
)
from runbook.ringing import good_since, ringing

PROVIDER = "<provider>"
SWITCH, SWITCH_BACK, REDEPLOY = "switch_provider", "switch_back", "redeploy"


@dataclass(frozen=True)
class Limits:
    """The numbers of the table.

    Attributes:
        alarm_percent: of the gateway's requests; the alarm's threshold. An outage is far above it, single
            time-outs stay below.
        error_percent: of the same; less is normal again. Lower than the alarm's, so that what hovers round
            that is no end.
        fewest_requests: that a rate needs; a few requests at night make any rate.
        good_minutes: that the rate must be normal before the end, and after a switch.
        no_outage_minutes: that a provider may take to admit an outage on its page.
        prolonged_minutes: of outage, before switching: the runbook's own number.
        stale_minutes: a newest datapoint older than this tells nothing.
    """

    alarm_percent: float = 20.0
    error_percent: float = 10.0
    fewest_requests: int = 20
    good_minutes: int = 5
    no_outage_minutes: int = 15
    prolonged_minutes: int = 30
    stale_minutes: int = 5


@dataclass(frozen=True)
class Commands:
    """What a person types next, filled in; and which provider is the alternate, empty for none.

    ``put`` sets the provider that ``PROVIDER`` stands for in it.
    """

    put: str
    redeploy: str
    look: str
    alternate: str

    def set_to(self, provider: str) -> str:
        """Return what sets one provider; its name comes from SSM, where anybody may have written it."""
        return self.put.replace(PROVIDER, shlex.quote(provider))

    def look_or_switch(self, now: str) -> str:
        """Return how to look, and how to switch where there is another provider than the one in use."""
        if self.alternate in ("", now):
            return self.look
        return f"{self.look}\n({self.back_to(self.alternate)}: only if {self.alternate} is well)"

    def back_to(self, provider: str) -> str:
        """Return what takes a switch back."""
        return f"{self.set_to(provider)}, then {self.redeploy}"


Row = Callable[[Facts, Incident, Limits, Commands], Decision | None]


def decide(facts: Facts, incident: Incident, limits: Limits, commands: Commands) -> Decision:
    """Choose what to do about the AI provider.

    Args:
        facts: what the checks read.
        incident: its history.
        limits: the numbers of the table.
        commands: what a person would type, for proposals.

    Returns:
        The first row's decision. Never raises.
    """
    for row in (_undone, _switched, _good, _page):
        decision = row(facts, incident, limits, commands)
        if decision is not None:
            return decision
    return _prolonged(facts, incident, limits, commands)


def _newest(incident: Incident, fix: str, outcomes: tuple[Outcome, ...]) -> Attempt | None:
    found = [one for one in incident.attempts if one.fix == fix and one.outcome in outcomes]
    return found[-1] if found else None


def _undone(
    facts: Facts, incident: Incident, limits: Limits, commands: Commands
) -> Decision | None:
    """After switching back: the backend still runs the alternate until it is redeployed once more."""
    del limits
    back = _newest(incident, SWITCH_BACK, (Outcome.APPLIED,))
    if back is None:
        return None
    deployed, again = _to_redo(incident), _redone(incident)
    if deployed is not None and again is None:
        # Also while a person has it: until then the tasks run another provider than the parameter names.
        why = "the provider is switched back: the backend's tasks have to read it"
        return Apply(REDEPLOY, why, undoes=deployed.intent_id)
    if incident.status is Status.ESCALATED:
        return None  # a person has it; the rate may still become normal
    settling = _settling(facts, again) if again else None
    if isinstance(settling, Escalate):
        return replace(settling, verdict=None)  # what it took back is judged already
    why = "the switch did not help and is taken back; the provider is still out"
    return settling or Escalate(why, commands.look)


def _to_redo(incident: Incident) -> Attempt | None:
    """Return the redeploy of the switch that did not help, while its tasks may still run."""
    found = [
        one
        for one in incident.attempts
        if one.fix == REDEPLOY and not one.undoes and one.outcome is Outcome.FAILED and one.left
    ]
    return found[-1] if found else None


def _redone(incident: Incident) -> Attempt | None:
    """Return the redeploy after switching back; one that AWS refused has changed nothing."""
    found = [
        one
        for one in incident.attempts
        if one.fix == REDEPLOY and one.undoes and one.outcome is Outcome.APPLIED
    ]
    return found[-1] if found else None


def _switched(
    facts: Facts, incident: Incident, limits: Limits, commands: Commands
) -> Decision | None:
    """Redeploy after the switch, and judge both by the error rate."""
    switch = _newest(incident, SWITCH, (Outcome.APPLIED,))
    failed = _newest(incident, SWITCH, (Outcome.FAILED,))
    if switch is None or incident.status is Status.ESCALATED:
        return _take_back(failed, incident, commands)
    deployed = [
        one for one in incident.attempts if one.fix == REDEPLOY and one.tried_at >= switch.tried_at
    ]
    if not deployed:
        to = switch.left["value"]
        return Apply(REDEPLOY, f"the provider is {to} now: the backend's tasks have to read it")
    if deployed[-1].outcome is not Outcome.APPLIED:
        why = (
            "the provider is switched and the backend was not redeployed: it still uses the old one"
        )
        return Escalate(why, commands.redeploy)
    settling = _settling(facts, deployed[-1])
    return settling or _judged(facts, limits, deployed[-1], switch)


def _take_back(failed: Attempt | None, incident: Incident, commands: Commands) -> Decision | None:
    if failed is None or not failed.left:
        return None  # a switch that AWS refused has changed nothing
    if any(one.undoes == failed.intent_id for one in incident.attempts):
        return None
    now, before = failed.left["value"], failed.prior["value"]
    return Apply(
        SWITCH_BACK,
        f"the switch to {now} did not help: back to {before}",
        undoes=failed.intent_id,
        command=commands.set_to(before),
        undo=commands.back_to(now),
    )


def _settling(facts: Facts, attempt: Attempt) -> Decision | None:
    service = facts.service
    if isinstance(service, Unknown):
        return Wait(service.why, blind=True)
    return redeploy.settling(facts.at, service, attempt)


def _judged(facts: Facts, limits: Limits, deployed: Attempt, switch: Attempt) -> Decision:
    rates = _rates(facts, limits, _complete(facts, deployed))
    if isinstance(rates, Unknown):
        return Wait(rates.why, blind=True)
    shown = ", ".join(f"{rate:.0f} %" for rate in rates)
    to = switch.left["value"]
    if max(rates) < limits.error_percent:
        why = f"errors of the AI gateway are at {shown} since the switch to {to}"
        return Wait(why, verdict=Verdict(Outcome.VERIFIED, why))
    why = f"errors of the AI gateway are still at {shown} after the switch to {to}"
    return Wait(why, verdict=Verdict(Outcome.FAILED, why))


def _complete(facts: Facts, deployed: Attempt) -> datetime:
    """Return since when no task uses the old provider any more: what they failed before is no verdict."""
    since = deployed.outcome_at or deployed.tried_at
    if isinstance(facts.service, Unknown):
        return since
    return max(since, min(facts.service.primary.updated_at, since + redeploy.COMPLETED_DEADLINE))


def _rates(facts: Facts, limits: Limits, since: datetime) -> tuple[float, ...] | Unknown:
    """Return percent of errors in the newest minutes with enough requests, all after ``since``."""
    requests, errors = facts.requests, facts.errors
    if isinstance(requests, Unknown):
        return requests
    if isinstance(errors, Unknown):
        return errors
    failed = {sample.at: sample.value for sample in errors}
    fresh = [
        sample
        for sample in metrics.since(requests, since)
        if sample.value >= limits.fewest_requests
    ]
    needed = min(limits.good_minutes, 3)
    if len(fresh) < needed:
        return Unknown(
            f"{len(fresh)} minutes with {limits.fewest_requests} requests of the AI gateway, "
            f"{needed} are needed"
        )
    if facts.at - fresh[-1].at > minutes(limits.stale_minutes):
        return Unknown("requests of the AI gateway: no datapoint with enough of them for 5 min")
    newest = fresh[-limits.good_minutes :]
    return tuple(100 * failed.get(sample.at, 0.0) / sample.value for sample in newest)


def _good(facts: Facts, incident: Incident, limits: Limits, commands: Commands) -> Decision | None:
    rates = _rates(facts, limits, incident.opened_at - minutes(30))
    if isinstance(rates, Unknown):
        return Wait(rates.why, blind=True)
    if rates[-1] >= limits.error_percent:
        return None
    if len(rates) < limits.good_minutes or max(rates) >= limits.error_percent:
        return Wait(
            f"errors of the AI gateway are at {rates[-1]:.0f} % in the last minute; "
            f"watching for {limits.good_minutes} min"
        )
    shown = (
        f"errors of the AI gateway under {limits.error_percent:g} % for {limits.good_minutes} min"
    )
    since = _normal_since(facts, limits)
    rings = ringing(facts.alarms, incident, facts.at, since, shown, commands.look)
    if rings is not None:
        return rings
    mixed = _mixed(facts, incident, shown)
    if mixed is not None:
        return mixed
    switched = _newest(incident, SWITCH, (Outcome.VERIFIED,))
    note = ""
    if switched is not None:
        note = (
            f"; the provider stays {switched.left['value']}: switching back to "
            f"{switched.prior['value']} after its recovery is yours"
        )
    helped = Verdict(Outcome.VERIFIED, shown) if incident.unverified else None
    return Resolve(f"{shown}, alarms OK{note}", helped)


def _mixed(facts: Facts, incident: Incident, shown: str) -> Decision | None:
    """Keep the incident open while the backend's tasks are older than what we wrote into the parameter."""
    ours = [one for one in incident.attempts if one.fix in (SWITCH, SWITCH_BACK) and one.left]
    if not ours:
        return None
    if isinstance(facts.service, Unknown):
        return Wait(facts.service.why, blind=True)
    change, primary = ours[-1], facts.service.primary
    if primary.created_at >= change.tried_at and primary.rollout_state == "COMPLETED":
        return None
    return Wait(
        f"{shown}, but the parameter is {change.left['value']} since {change.tried_at:%H:%M} and not all "
        f"of the backend's tasks have read it: the newest deployment of {primary.created_at:%H:%M} is "
        f"{primary.rollout_state}"
    )


def _normal_since(facts: Facts, limits: Limits) -> datetime | None:
    """Return since when each minute with enough requests is normal."""
    if isinstance(facts.requests, Unknown) or isinstance(facts.errors, Unknown):
        return None
    failed = {one.at: one.value for one in facts.errors}
    enough = [one for one in facts.requests if one.value >= limits.fewest_requests]
    return good_since(
        (one.at, 100 * failed.get(one.at, 0.0) / one.value < limits.error_percent) for one in enough
    )


def _page(facts: Facts, incident: Incident, limits: Limits, commands: Commands) -> Decision | None:
    provider = facts.provider
    if isinstance(provider, Unknown):
        return Wait(provider.why, blind=True)
    page = facts.page(provider.value)
    if isinstance(page, Unknown):
        return Wait(page.why, blind=True)
    if not page.green:
        return None
    waited = facts.at - incident.since
    why = f"the AI gateway fails and {provider.value} admits no outage"
    if waited < minutes(limits.no_outage_minutes):
        return Wait(f"{why}: users get the fallback")
    proposal = commands.look_or_switch(provider.value)
    return Escalate(f"{why} for {whole_minutes(waited)} min", proposal)


def _prolonged(facts: Facts, incident: Incident, limits: Limits, commands: Commands) -> Decision:
    provider, waited = facts.provider, facts.at - incident.since
    if isinstance(provider, Unknown):
        return Wait(provider.why, blind=True)
    why = f"{provider.value} is out, for {whole_minutes(waited)} min by now"
    if waited < minutes(limits.prolonged_minutes):
        return Wait(f"{why}: users get the fallback, no action is needed")
    if not commands.alternate:
        return Escalate(f"{why}, and no alternate provider is configured", commands.look)
    if commands.alternate == provider.value:
        return Escalate(
            f"{why}, and it is the alternate: there is no other provider", commands.look
        )
    if _newest(incident, SWITCH, tuple(Outcome)) is not None:
        return Escalate(f"{why}, and switching was tried already", commands.look)
    return _alternate(facts, provider.value, commands, why)


def _alternate(facts: Facts, now: str, commands: Commands, why: str) -> Decision:
    page = facts.page(commands.alternate)
    if isinstance(page, Unknown):
        return Wait(f"{why}; the alternate {commands.alternate}: {page.why}", blind=True)
    if not page.green:
        unwell = f"{commands.alternate} is not well either: {page.indicator}"
        return Escalate(f"{why}, and {unwell}", commands.look)
    undo = commands.back_to(now)
    return Apply(SWITCH, f"{why}; {commands.alternate} is green", undo=undo)
