"""Rebuild the AI quotas in Redis from the database: the SaaS's own admin endpoint does it, by a Celery task.

Repeating it is harmless: the task computes the counters anew each time. The bearer token is read right
before the call and appears nowhere else.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Protocol

from runbook.aws import Aws, Calls
from runbook.checks import http, redis
from runbook.checks.reading import ask
from runbook.errors import FixError
from runbook.gate import Change, Landed, Refusal
from runbook.model import Attempt, Unknown
from runbook.permissions import Need
from runbook.secret import bearer

NEEDS = (
    *redis.NEEDS,
    Need("secretsmanager:GetSecretValue", "secret"),
)

ACCEPTED = frozenset({200, 201, 202})
REFUSED = frozenset({401, 403})


class Facts(Protocol):
    """What a scenario must have read to reconcile."""

    @property
    def at(self) -> datetime: ...  # noqa: D102  # a field of the scenario's facts
    @property
    def reading(self) -> redis.Reading | Unknown: ...  # noqa: D102  # a field of the scenario's facts


@dataclass(frozen=True)
class Reconcile:
    """Ask the SaaS to rebuild its quotas.

    Attributes:
        aws: clients.
        region: for the command.
        url: the admin endpoint.
        secret: the name of the secret with the bearer token.
        probe: the Redis probe's function name.
    """

    aws: Aws
    region: str
    url: str
    secret: str
    probe: str
    name: str = "reconcile"
    mode_key: str = "reconcile_quotas"
    holds: timedelta = timedelta(minutes=15)
    undo: str = "none needed: the counters are computed anew each time"
    deploys: bool = False
    keep: timedelta | None = None

    @property
    def resource(self) -> str:
        """Return the key of occupancy, cooldown and budget."""
        return f"http:{self.url}"

    def command(self) -> str:
        """Return what a person would type; the token stays in its secret."""
        return (
            f'curl -X POST {self.url} -H "Authorization: Bearer $(aws secretsmanager get-secret-value '
            f'--region {self.region} --secret-id {self.secret} --query SecretString --output text)"'
        )

    def rereads(self, facts: Facts) -> Calls:
        """Return the reading of Redis right before the call."""
        del facts
        call = partial(redis.read, self.aws.reader("lambda"), self.probe)
        return {"reconcile.redis": partial(ask, "Redis", call)}

    def refuse(self, facts: Facts, answers: Mapping[str, Any]) -> Refusal | None:
        """Refuse where Redis is not there any more, or is another one than the decision saw."""
        now, decided_on = answers["reconcile.redis"], facts.reading
        if isinstance(now, Unknown) or isinstance(decided_on, Unknown):
            why = now.why if isinstance(now, Unknown) else "it was not read before"
            return Refusal("target", f"Redis cannot be re-read: {why}", "wait")
        if not now.up:
            return Refusal("target", f"Redis does not answer any more: {now.error}", "wait")
        if now.run_id != decided_on.run_id:
            return Refusal("target", "Redis restarted between decision and call", "wait")
        return None

    def prior(self, answers: Mapping[str, Any]) -> dict[str, Any]:
        """Return which Redis it was, and how many counters it had."""
        reading = answers["reconcile.redis"]
        return {"run_id": reading.run_id, "quota_keys": reading.quota_keys or 0}

    def apply(self, attempt: Attempt) -> Change:
        """Send the one request.

        Raises:
            FixError: the secret cannot be read, the endpoint refuses, or there is no answer.
        """
        del attempt
        token = bearer(self.aws.fixer("secretsmanager"), self.secret)
        reply = http.post(self.url, token=token)
        if isinstance(reply, Unknown):
            raise FixError(f"the endpoint did not answer: {reply.why}", lost=True)
        if reply.status in REFUSED:
            raise FixError(
                f"the endpoint answered {reply.status}: the token in the secret {self.secret} is not accepted"
            )
        if reply.status not in ACCEPTED:
            raise FixError(f"the endpoint answered {reply.status}", lost=reply.status >= 500)
        task = reply.json.get("task_id", "") if isinstance(reply.json, dict) else ""
        return Change(str(task), {"task_id": str(task)})

    def left(self, facts: Facts) -> dict[str, Any]:
        """Return nothing: the endpoint keeps no state that could be compared."""
        del facts
        return {}

    def landed(self, facts: Facts, attempt: Attempt) -> Landed:
        """Say that a lost request may be sent again: repeating it is harmless."""
        del facts, attempt
        return Landed.NO
