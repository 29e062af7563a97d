"""Take one database migration back: ``alembic downgrade <explicit id>`` in one one-off ECS task.

The task asks once more whether the database is where the decision saw it, and changes nothing where it is
not. The call is safe to repeat: its ``clientToken`` is the intent's id, and ECS answers a repeated one with
the task that is there. It is never undone by itself: what the downgrade dropped comes back empty.
"""

import json
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Protocol

from runbook import one_off
from runbook.aws import Aws, Calls
from runbook.checks import alembic
from runbook.checks.alembic import REVISION, Migrations
from runbook.checks.reading import ask
from runbook.gate import Change, Landed, Refusal
from runbook.model import Attempt, Unknown
from runbook.one_off import Family
from runbook.permissions import Need

NEEDS: tuple[Need, ...] = (*alembic.NEEDS, *one_off.RUNS)

DEADLINE = timedelta(minutes=15)
"""Of a task: it starts within about 2 min; a downgrade that is not over by then is waiting for a lock."""
LANDS_WITHIN = timedelta(seconds=60)
"""ECS's lists are eventually consistent; before this, a task that is missing proves nothing."""
REMEMBERED = timedelta(minutes=50)
"""ECS shows a stopped task, and keeps its token, for an hour at least; later, absence proves nothing."""

MOVED = 4
"""Exit code of a task that found the database somewhere else and changed nothing."""
SCRIPT = """\
now="$(alembic current)" || exit 3
case "$now" in
  *"
"*) ;;
  "$1"|"$1 ("*) exec alembic downgrade "$2" ;;
esac
echo "the database is at '$now', expected $1: nothing was changed"
exit 4"""


class Facts(Protocol):
    """What a scenario must have read to take a migration back."""

    @property
    def at(self) -> datetime: ...  # noqa: D102  # a field of the scenario's facts
    @property
    def migrations(self) -> Migrations | Unknown: ...  # noqa: D102  # a field of the scenario's facts


def command(before: str, to: str) -> tuple[str, ...]:
    """Return what the container runs: nothing unless the database is at ``before``."""
    return ("sh", "-c", SCRIPT, "downgrade", before, to)


def typed(family: Family, definition: str, what: tuple[str, ...], region: str) -> str:
    """Return what a person would type to run a command in a task of the family."""
    network = (
        f"awsvpcConfiguration={{subnets=[{','.join(family.subnets)}],"
        f"securityGroups=[{','.join(family.security_groups)}],assignPublicIp=DISABLED}}"
    )
    return (
        f"aws ecs run-task --region {region} --cluster {family.cluster} --launch-type FARGATE "
        f"--task-definition {definition.rsplit('/', 1)[-1]} --network-configuration '{network}' "
        f"--overrides {shlex.quote(json.dumps(one_off.overrides(family, what)))}"
    )


@dataclass(frozen=True)
class Downgrade:
    """Take back the migration that the database is at.

    Attributes:
        aws: clients.
        family: whose tasks have ``alembic`` and reach the database.
        instance: the DB instance, what occupancy is about.
        prefix: of ``startedBy``, for example ``nightshift-prod``.
        region: for the commands.
        mode_key: for example ``rollback_database``.
    """

    aws: Aws
    family: Family
    instance: str
    prefix: str
    region: str
    mode_key: str
    name: str = "downgrade"
    holds: timedelta = 2 * DEADLINE
    deploys: bool = False
    keep: timedelta | None = None

    @property
    def resource(self) -> str:
        """Return the key of occupancy, cooldown and budget."""
        return f"db:{self.instance}"

    @property
    def undo(self) -> str:
        """Return how a person takes it back; what it dropped comes back empty."""
        return f"by hand: {self.upgrade(self.family.name, '<the revision before>')}"

    def upgrade(self, definition: str, to: str) -> str:
        """Return what a person types to apply the migration again."""
        return typed(self.family, definition, ("alembic", "upgrade", to), self.region)

    def command(self) -> str:
        """Return what a person would type; the decision fills in the revisions."""
        return self.downgrade(self.family.name, "<current>", "<its parent>")

    def downgrade(self, definition: str, before: str, to: str) -> str:
        """Return what a person types for exactly this downgrade."""
        return typed(self.family, definition, command(before, to), self.region)

    def by(self, intent_id: str) -> str:
        """Return ``startedBy`` of one intent's task."""
        return f"{self.prefix}/downgrade/{intent_id}"

    def rereads(self, facts: Facts) -> Calls:
        """Return the look at the family's tasks and at the last reading, right before the call."""
        read = partial(alembic.look, self.aws, self.family, self.prefix, facts.at)
        return {"downgrade.now": partial(ask, "migrations", read)}

    def refuse(self, facts: Facts, answers: Mapping[str, Any]) -> Refusal | None:
        """Refuse where a migration runs, or the reading is not the one that the decision saw."""
        now: Any = answers["downgrade.now"]
        decided_on: Any = facts.migrations
        for fact in (decided_on, now):
            if isinstance(fact, Unknown):
                return Refusal("target", f"the database cannot be re-read: {fact.why}", "escalate")
        if now.revisions is None:
            return Refusal("busy", now.waits or "the last reading does not count any more", "wait")
        if now.revisions != decided_on.revisions:
            return Refusal("busy", f"alembic says by now: {alembic.line(now)}", "wait")
        why = now.revisions.refuses()
        return Refusal("target", why, "escalate") if why else None

    def prior(self, answers: Mapping[str, Any]) -> dict[str, Any]:
        """Return from where to where, and the task definition in which that was read."""
        now: Migrations = answers["downgrade.now"]
        if now.revisions is None or now.reading is None or now.revisions.refuses():
            raise TypeError("asked for the prior state of a downgrade that was refused")
        return {
            "from": now.revisions.current[0],
            "to": now.revisions.parents[0],
            "definition": now.reading.definition,
        }

    def apply(self, attempt: Attempt) -> Change:
        """Start the one task that the intent names."""
        before, to = str(attempt.prior["from"]), str(attempt.prior["to"])
        if not (REVISION.fullmatch(before) and REVISION.fullmatch(to)):
            raise TypeError(f"not revisions: {before!r}, {to!r}")
        arn, request_id = one_off.run(
            self.aws,
            self.family,
            str(attempt.prior["definition"]),
            command(before, to),
            token=attempt.intent_id,
            by=self.by(attempt.intent_id),
        )
        return Change(request_id, {"task": arn})

    def left(self, facts: Facts) -> dict[str, Any]:
        """Return the newest downgrade's task."""
        if isinstance(facts.migrations, Unknown):
            raise TypeError("asked what a call left where the tasks could not be read")
        ours = [one for one in facts.migrations.tasks if one.started_by.startswith(self.by(""))]
        return {"task": ours[0].arn if ours else ""}

    def landed(self, facts: Facts, attempt: Attempt) -> Landed:
        """Say whether the intent's task is there; a repeated call would not start a second one."""
        if isinstance(facts.migrations, Unknown):
            return Landed.UNREADABLE
        if facts.migrations.started_by(self.by(attempt.intent_id)):
            return Landed.YES
        waited = facts.at - attempt.tried_at
        if waited < LANDS_WITHIN:
            return Landed.TOO_EARLY
        return Landed.NO if waited < REMEMBERED else Landed.UNKNOWN
