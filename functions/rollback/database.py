"""Taking the last migration back, as a table: what is seen and stated, what follows. Pure.

The rows are asked in order; the first that applies decides. A request that is refused is answered with the
reason, and changes nothing.

===========================================================  =======================================
sees                                                         decides
===========================================================  =======================================
a downgrade of ours, not judged yet:
  ECS's tasks unknown                                        wait, blind
  its task runs, or is not listed yet                        wait; 15 min: escalate
  its task ended with an error                               escalate with its last lines
  it ended well, and alembic was not asked since             ask it; 15 min: escalate
  it ended well, and the database is at the parent           verified, resolve
  it ended well, and the database is not at the parent       escalate
nobody asks                                                  resolve; after a failure: wait
alembic has not answered yet                                 refused: ask again in a minute
there is no single step back                                 refused
a statement is missing, or is not what was read              refused
the snapshot is not one of this database, younger than 24 h  refused
all is stated                                                apply *downgrade* to the explicit parent
===========================================================  =======================================
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from rollback.database_request import Statements
from rollback.part import afterwards, unfinished
from runbook.checks import alembic, snapshots
from runbook.checks.alembic import Migrations
from runbook.checks.snapshots import Snapshot
from runbook.clock import whole_minutes
from runbook.fixes.downgrade import DEADLINE, MOVED, Downgrade
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
from runbook.one_off import Task
from runbook.tell import quote

SNAPSHOT_AGE = timedelta(hours=24)
"""What is lost by restoring an older one is more than a migration is worth."""
MOST_LINES = 5
"""Of a failed task's log that are shown: Alembic's reason is the last one."""

UNDONE_BY = (
    "a pipeline whose next run does `alembic upgrade head` applies the migration again: take it out of "
    "the branch, or stop the pipeline, first. Every version of the application that runs must work with "
    "the schema before the migration: one that needs it fails from then on"
)


@dataclass(frozen=True)
class Facts:
    """What is known about the database at one moment.

    Attributes:
        at: when the reads were made.
        migrations: the family's tasks, and what alembic says.
        snapshot: the one that the request names; None where it names none.
        said: the last lines of a downgrade that failed.
        shown: what a person has to know who asks and has not stated all yet.
    """

    at: datetime
    migrations: Migrations | Unknown
    snapshot: Snapshot | Unknown | None = None
    said: tuple[str, ...] | Unknown = ()
    shown: Mapping[str, str] = field(default_factory=dict)

    def seen(self) -> dict[str, str]:
        """Return one short line per question."""
        found = {"database": alembic.line(self.migrations), **self.shown}
        if self.snapshot is not None:
            found["snapshot"] = snapshots.line(self.snapshot)
        if isinstance(self.said, Unknown):
            return {**found, "log": f"unknown: {self.said.why}"}
        return {**found, **{f"log {n}": line for n, line in enumerate(self.said, 1)}}


def decide(facts: Facts, incident: Incident, wish: Statements | None, fix: Downgrade) -> Decision:
    """Return what follows from the facts, for a request or, without a wish, for a second look."""
    if incident.unverified:
        return judged(facts, incident.unverified, fix)
    waiting = unfinished(incident)
    if waiting:
        return waiting
    if wish is None:
        return afterwards(incident, _well(facts, incident))
    why, step = refuses(facts, wish, fix.instance), step_back(facts)
    if why or step is None:
        return Wait(why)
    definition, before, to = step
    return Apply(
        fix.name,
        f"a person asks to take the migration {before} back, to {to}; snapshot {wish.snapshot}",
        command=fix.downgrade(definition, before, to),
        undo=undo(fix, definition, before),
    )


def _well(facts: Facts, incident: Incident) -> str:
    """Return why all is well after a failed downgrade: a later reading shows what was asked for."""
    found = facts.migrations
    if incident.last is None or isinstance(found, Unknown) or found.revisions is None:
        return ""
    to = incident.last.prior["to"]
    return f"alembic says that the database is at {to}" if found.revisions.current == (to,) else ""


def shown(facts: Facts, wish: Statements, fix: Downgrade) -> dict[str, str]:
    """Return the step, its command, its undo and what is to be stated, while not all is."""
    step, missing = step_back(facts), wish.missing()
    if step is None or not missing:
        return {}
    definition, before, to = step
    return {
        "step": f"from {before} to {to}",
        "command": fix.downgrade(definition, before, to),
        "undo": undo(fix, definition, before),
        "to state": ", ".join(missing),
    }


def refuses(facts: Facts, statements: Statements, instance: str) -> str:
    """Return why a real request is refused, as a sentence; empty where it is not.

    Args:
        facts: with a reading that counts.
        statements: of the request.
        instance: identifier of the DB instance that the snapshot must be of.
    """
    if isinstance(facts.migrations, Unknown) or facts.migrations.revisions is None:
        return _unread(facts.migrations)
    why = facts.migrations.revisions.refuses()
    if why:
        return why
    missing = statements.missing()
    if missing:
        return f"the request does not state {', '.join(missing)}"
    now = facts.migrations.revisions.current[0]
    if statements.before != now:
        return f"the request says that the database is at {statements.before}; it is at {now}"
    return _snapshot(facts, instance)


def _unread(found: Migrations | Unknown) -> str:
    if isinstance(found, Unknown):
        return f"alembic has not said where the database is: {found.why}"
    return f"{found.waits or alembic.line(found)}; ask again in a minute or two"


def _snapshot(facts: Facts, instance: str) -> str:
    found = facts.snapshot
    if found is None or isinstance(found, Unknown):
        return found.why if found else "no snapshot was read"
    if found.instance != instance:
        return f"snapshot {found.identifier} is of {found.instance}; expected one of {instance}"
    if found.status != "available" or found.taken_at is None:
        return f"snapshot {found.identifier} is {found.status}; expected available"
    age = facts.at - found.taken_at
    if age > SNAPSHOT_AGE:
        hours = whole_minutes(age) // 60
        return f"snapshot {found.identifier} is {hours} h old; expected one younger than 24 h"
    return ""


def judged(facts: Facts, attempt: Attempt, fix: Downgrade) -> Decision:
    """Return what follows from an applied downgrade: only what alembic says afterwards proves it."""
    since = attempt.outcome_at or attempt.tried_at
    what = _what(attempt)
    if isinstance(facts.migrations, Unknown):
        return Wait(f"{what} cannot be judged: {facts.migrations.why}", blind=True)
    task = facts.migrations.started_by(fix.by(attempt.intent_id))
    if task is None or not task.stopped:
        state = task.status if task else "not listed"
        late = facts.at - since >= DEADLINE
        return _late(f"its task is still {state}", what) if late else Wait(f"{what}: {state}")
    if task.exit_code != 0:
        return _failed(f"{what} failed: {_ended(task)}{_last(facts.said)}", fix, attempt)
    return _proved(facts, facts.migrations, attempt, fix, task.stopped_at or since)


def _proved(
    facts: Facts, now: Migrations, attempt: Attempt, fix: Downgrade, ended_at: datetime
) -> Decision:
    """Return what alembic says after a task that ended well; asking it has the same time again."""
    what = _what(attempt)
    if now.revisions is None and facts.at - ended_at >= DEADLINE:
        return _late("alembic has not said where the database is", what)
    if now.revisions is None:
        why = now.waits or "alembic is to be asked where the database is now"
        return Wait(f"{what}: {why}")
    to = attempt.prior["to"]
    if now.revisions.current == (to,):
        why = f"{what} is proved: alembic says that the database is at {to}"
        return Resolve(why, Verdict(Outcome.VERIFIED, why))
    return _failed(f"{what} ended well, and {alembic.line(now)}", fix, attempt)


def _what(attempt: Attempt) -> str:
    at, prior = attempt.outcome_at or attempt.tried_at, attempt.prior
    return f"the downgrade from {prior['from']} to {prior['to']} of {at:%H:%M}"


def _ended(task: Task) -> str:
    if task.exit_code == MOVED:
        return "the database was somewhere else by then, nothing was changed"
    return quote(task.ended())


def _last(said: Sequence[str] | Unknown) -> str:
    return "" if isinstance(said, Unknown) or not said else f": {quote(said[-1])}"


def _late(why: str, what: str) -> Decision:
    minutes = whole_minutes(DEADLINE)
    text = f"{what}: {why} after {minutes} min; a migration is never stopped half-way by Nightshift"
    return Escalate(text, "", Verdict(Outcome.FAILED, why))


def _failed(why: str, fix: Downgrade, attempt: Attempt) -> Decision:
    definition, before = str(attempt.prior["definition"]), str(attempt.prior["from"])
    proposal = (
        "read the task's log first; to apply the migration again:\n"
        f"{fix.upgrade(definition, before)}"
    )
    return Escalate(why, proposal, Verdict(Outcome.FAILED, why))


def undo(fix: Downgrade, definition: str, before: str) -> str:
    """Return how a person takes it back."""
    return f"by hand, and what it dropped comes back empty: {fix.upgrade(definition, before)}"


def step_back(facts: Facts) -> tuple[str, str, str] | None:
    """Return the definition, the current revision and the one before it; None where there is no one step."""
    found = facts.migrations
    if isinstance(found, Unknown) or found.revisions is None or found.reading is None:
        return None
    if found.revisions.refuses():
        return None
    return found.reading.definition, found.revisions.current[0], found.revisions.parents[0]
