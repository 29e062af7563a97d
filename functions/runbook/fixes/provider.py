"""Switch the AI provider in SSM, and back: a stated value, only while the parameter is what it was."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Protocol

from runbook.aws import Aws, Calls
from runbook.checks import ssm
from runbook.checks.reading import ask
from runbook.gate import UNDOES, Change, Landed, Refusal
from runbook.model import Attempt, Unknown
from runbook.permissions import Need

NEEDS = (*ssm.NEEDS, Need("ssm:PutParameter", "changed_parameter"))

LANDS_WITHIN = timedelta(seconds=60)
"""Before this, a parameter that is unchanged proves nothing about a call whose answer was lost."""
KEEP = timedelta(hours=24)
"""A provider's outage is over by then; a person decides which provider stays."""


class Facts(Protocol):
    """What a scenario must have read to switch."""

    @property
    def at(self) -> datetime: ...  # noqa: D102  # a field of the scenario's facts
    @property
    def provider(self) -> ssm.Parameter | Unknown: ...  # noqa: D102  # a field of the scenario's facts


def _state(parameter: ssm.Parameter) -> dict[str, Any]:
    return {"value": parameter.value, "version": parameter.version}


@dataclass(frozen=True)
class SwitchProvider:
    """Write the alternate provider's name.

    Attributes:
        aws: clients.
        parameter: the SSM parameter's name.
        to: the provider to switch to.
        region: for the command.
    """

    aws: Aws
    parameter: str
    to: str
    region: str
    name: str = "switch_provider"
    mode_key: str = "switch_provider"
    holds: timedelta = timedelta(minutes=5)
    deploys: bool = False
    keep: timedelta | None = KEEP

    @property
    def resource(self) -> str:
        """Return the key of occupancy, cooldown and budget."""
        return f"ssm:{self.parameter}"

    @property
    def undo(self) -> str:
        """Return how it is taken back."""
        return f"{self._put('<the provider before>')}, then redeploy the backend"

    def _put(self, value: str) -> str:
        return (
            f"aws ssm put-parameter --region {self.region} --name {self.parameter} "
            f"--value {value} --type String --overwrite"
        )

    def command(self) -> str:
        """Return what a person would type; the backend reads the value when its tasks start."""
        return self._put(self.to)

    def rereads(self, facts: Facts) -> Calls:
        """Return the read of the parameter."""
        del facts
        read = partial(ssm.parameter, self.aws.reader("ssm"), self.parameter)
        return {"provider.now": partial(ask, f"parameter {self.parameter}", read)}

    def refuse(self, facts: Facts, answers: Mapping[str, Any]) -> Refusal | None:
        """Refuse where the parameter is not what the decision saw, or is there already."""
        now, decided_on = answers["provider.now"], facts.provider
        for fact in (decided_on, now):
            if isinstance(fact, Unknown):
                return Refusal("target", f"the provider cannot be re-read: {fact.why}", "escalate")
        if now != decided_on:
            return Refusal("busy", f"somebody has just changed {self.parameter}", "wait")
        if now.value == self.to:
            return Refusal("target", f"{self.parameter} is {self.to} already", "escalate")
        return None

    def prior(self, answers: Mapping[str, Any]) -> dict[str, Any]:
        """Return the value and version before, and the value to write."""
        return {**_state(answers["provider.now"]), "to": self.to}

    def apply(self, attempt: Attempt) -> Change:
        """Overwrite the parameter, once."""
        to = str(attempt.prior["to"])
        answer = self.aws.fixer("ssm").put_parameter(
            Name=self.parameter, Value=to, Type="String", Overwrite=True
        )
        left = {"value": to, "version": int(answer["Version"])}
        return Change(answer["ResponseMetadata"].get("RequestId", ""), left)

    def left(self, facts: Facts) -> dict[str, Any]:
        """Return the parameter as it is now."""
        if isinstance(facts.provider, Unknown):
            raise TypeError("asked what a call left in a parameter that could not be read")
        return _state(facts.provider)

    def landed(self, facts: Facts, attempt: Attempt) -> Landed:
        """Say whether the parameter has the value that the call would have given it."""
        now = facts.provider
        if isinstance(now, Unknown):
            return Landed.UNREADABLE
        if now.version == attempt.prior["version"]:
            waited = facts.at - attempt.tried_at
            return Landed.NO if waited >= LANDS_WITHIN else Landed.TOO_EARLY
        ours = now.version == attempt.prior["version"] + 1 and now.value == attempt.prior["to"]
        return Landed.YES if ours else Landed.UNKNOWN


@dataclass(frozen=True)
class SwitchBack(SwitchProvider):
    """Write the provider that was there before our switch, while the parameter is what that left."""

    name: str = "switch_back"
    keep: timedelta | None = None

    def refuse(self, facts: Facts, answers: Mapping[str, Any]) -> Refusal | None:
        """Refuse where somebody has changed the parameter since our switch."""
        del facts
        now, ours = answers["provider.now"], answers[UNDOES]
        if isinstance(now, Unknown):
            return Refusal("target", f"the provider cannot be re-read: {now.why}", "wait")
        if _state(now) != dict(ours.left):
            why = (
                f"{self.parameter} is {now.value} version {now.version}, ours was {dict(ours.left)}"
            )
            return Refusal("superseded", why, "wait")
        return None

    def prior(self, answers: Mapping[str, Any]) -> dict[str, Any]:
        """Return the value and version before, and the value to write: the one before our switch."""
        return {**_state(answers["provider.now"]), "to": answers[UNDOES].prior["value"]}
