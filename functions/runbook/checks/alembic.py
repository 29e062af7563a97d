"""Alembic: at which revision the database is, and what came before it, read by a one-off ECS task.

The task runs ``alembic`` in the team's own migrations image and writes three sections to its log. It is
the only read of Nightshift's that starts something, so it is started by a request and for a proof, never
by a look alone, and only while the kill switch is on.

A reading counts while it is younger than 10 min and began after every other task of the family had ended::

    somebody's migration   |=======|
    reading                            |==|          counts
    our downgrade                             |==|   the reading before it counts no more
    reading                                           |==|   proves
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from botocore.exceptions import ClientError

from runbook import one_off
from runbook.aws import Aws
from runbook.model import Unknown
from runbook.one_off import Family, Task
from runbook.permissions import Need
from runbook.tell import quote

NEEDS = (*one_off.READS, *one_off.LOGS)
STARTS = (*one_off.RUNS, Need("ssm:GetParameters", "switches"))
"""On top of that, for who may start a reading."""

MOST_AGE = timedelta(minutes=10)
"""An older reading is not used: a pipeline may have been at work since."""
LOG_DELAY = timedelta(seconds=60)
"""After a task's end its last lines may still be on their way to the log."""
BUCKET_MINUTES = 10
"""Requests of the same 10 min that find the same tasks ask for the same reading."""
CONFLICT = "ConflictException"
"""RunTask's answer where the token is taken by a task with other parameters: it is there all the same."""

SECTIONS = ("current", "heads", "show")
END = "end"
SCRIPT = """\
section() { echo "nightshift:$1"; shift; "$@" 2>&1; echo "nightshift:exit $?"; }
section current alembic current
section heads alembic heads
section show alembic show current
echo nightshift:end"""
"""stderr goes the way of stdout, so that the lines stay in their order."""
COMMAND = ("sh", "-c", SCRIPT)

REVISION = re.compile(r"[A-Za-z0-9_.]{1,64}")
_LISTED = re.compile(r"(?P<id>[A-Za-z0-9_.]{1,64})(?P<notes>( \([^()]*\))*)")
_RESERVED = frozenset({"base", "head", "heads", "current"})
"""Words that Alembic takes for something else than a revision's id."""


@dataclass(frozen=True)
class Revisions:
    """What Alembic says.

    Attributes:
        current: ids that the database is at.
        heads: ids that nothing in the image comes after.
        parents: ids before the current one; several for a merge, none for the first.
        depends: whether the current one depends on others besides.
        failed: Alembic's own words where it failed; empty where it did not.
    """

    current: tuple[str, ...] = ()
    heads: tuple[str, ...] = ()
    parents: tuple[str, ...] = ()
    depends: bool = False
    failed: str = ""

    def refuses(self) -> str:
        """Return why there is no single step back, as a sentence; empty where there is one."""
        now = _named(self.current[:1])
        rows = (
            (
                "locate revision" in self.failed,
                f"the image does not contain the revision that the database is at: {self.failed}",
            ),
            (self.failed, f"alembic failed in the image: {self.failed}"),
            (
                len(self.heads) != 1,
                f"the image has {len(self.heads)} heads ({_named(self.heads)}); expected one",
            ),
            (
                len(self.current) != 1,
                f"the database is at {len(self.current)} revisions ({_named(self.current)}); expected one",
            ),
            (
                len(self.parents) > 1,
                f"{now} merges {_named(self.parents)}: there is no single revision before it",
            ),
            (
                self.depends,
                f"{now} depends on further revisions: one step back may be more than one",
            ),
            (not self.parents, f"{now} is the first revision: there is nothing before it"),
        )
        return next((why for refused, why in rows if refused), "")


def _named(ids: Sequence[str]) -> str:
    return ", ".join(ids) or "none"


@dataclass(frozen=True)
class Migrations:
    """The family's tasks, and what the last reading says.

    Attributes:
        tasks: newest first.
        revisions: of the reading that counts; None where none does.
        reading: that reading's task.
        waits: why there is no reading yet, where one is on its way or has to wait for a task.
    """

    tasks: tuple[Task, ...]
    revisions: Revisions | None = None
    reading: Task | None = None
    waits: str = ""

    @property
    def needed(self) -> bool:
        """Say whether a reading has to be started to know anything."""
        return self.revisions is None and not self.waits

    def started_by(self, by: str) -> Task | None:
        """Return the task that one call of ours started."""
        return next((one for one in self.tasks if one.started_by == by), None)


def reads_of(prefix: str) -> str:
    """Return what ``startedBy`` of every reading of this environment begins with."""
    return f"{prefix}/alembic-current/"


def look(aws: Aws, family: Family, prefix: str, now: datetime) -> Migrations | Unknown:
    """Return the family's tasks and the reading that counts; starts nothing."""
    found = one_off.tasks(aws.reader("ecs"), family)
    if isinstance(found, Unknown):
        return found
    ours = [one for one in found if one.started_by.startswith(reads_of(prefix))]
    others = [one for one in found if one not in ours]
    busy = next((one for one in others if not one.stopped), None)
    if busy:
        who = quote(busy.started_by) or "somebody"
        why = f"task {busy.id} of {family.name}, started by {who}, is {busy.status}"
        return Migrations(found, waits=f"{why}: wait for its end")
    counts = [one for one in ours if _counts(one, others, now)]
    if not counts:
        return Migrations(found)
    if not counts[0].stopped:
        return Migrations(found, waits=f"alembic is being asked, its task is {counts[0].status}")
    return _answered(aws, family, found, counts[0], now)


def _answered(
    aws: Aws, family: Family, found: tuple[Task, ...], reading: Task, now: datetime
) -> Migrations | Unknown:
    """Return what a reading that is over says; one that failed is made anew when it is 10 min old."""
    if reading.exit_code != 0:
        return Unknown(f"the task that asks alembic failed: {quote(reading.ended())}")
    written = one_off.lines(aws.reader("ecs"), aws.reader("logs"), family, reading)
    if isinstance(written, Unknown):
        return written
    revisions = parse(written)
    if revisions is None and reading.stopped_at and now - reading.stopped_at < LOG_DELAY:
        return Migrations(
            found, waits="alembic has answered, its lines are on their way to the log"
        )
    if revisions is None:
        return Unknown(f"the log of task {reading.id} does not hold a whole answer of alembic")
    return Migrations(found, revisions, reading)


def _counts(reading: Task, others: Sequence[Task], now: datetime) -> bool:
    """Say whether what a reading says is still so: nothing of the family ran during it or after it."""
    began = reading.started_at or reading.created_at
    if now - began > MOST_AGE:
        return False
    return all(one.stopped_at is not None and one.stopped_at <= began for one in others)


def start(
    aws: Aws, family: Family, prefix: str, switch: str, known: Migrations, now: datetime
) -> Migrations | Unknown:
    """Start one reading, where the kill switch is on; never two for the same tasks within 10 min."""
    answer = aws.reader("ssm").get_parameters(Names=[switch])
    states = [str(one["Value"]).strip() for one in answer["Parameters"]]
    if states != ["on"]:
        is_now = states[0] if states else "missing"
        return Unknown(f"alembic was not asked, since {switch} is {quote(is_now)}; expected on")
    bucket = now - timedelta(minutes=now.minute % BUCKET_MINUTES)
    lately = [one for one in known.tasks if now - one.created_at <= 2 * MOST_AGE]
    token = f"{prefix}-{bucket:%Y%m%d%H%M}-{len(lately)}"
    by = f"{reads_of(prefix)}{bucket:%Y%m%d%H%M}-{len(lately)}"
    try:
        one_off.run(aws, family, family.name, COMMAND, token=token, by=by)
    except ClientError as error:
        if error.response["Error"]["Code"] != CONFLICT:
            raise
    return Migrations(known.tasks, waits="alembic is being asked since just now")


def parse(written: Sequence[str]) -> Revisions | None:
    """Understand the reading's log; None where it is not whole.

    Lines that are no answer, such as those of a logger, are passed over; whatever looks like a revision and
    is none makes too many of them, and is refused.
    """
    sections, exits = _sections(written)
    if sections is None:
        return None
    failed = next((name for name in SECTIONS if exits[name] != 0), "")
    if failed:
        said = [one for one in sections[failed] if one.strip()]
        return Revisions(failed=quote(said[-1]) if said else f"exit code {exits[failed]}")
    current, heads = _listed(sections["current"]), _listed(sections["heads"])
    shown = [one.removeprefix("Rev: ") for one in sections["show"] if one.startswith("Rev: ")]
    if sorted(current) != sorted(_listed(shown)) or set(current) & _RESERVED:
        return Revisions(failed="what it calls current and what it shows of it do not agree")
    parents = _after(sections["show"], "Parent: ") + _after(sections["show"], "Merges: ")
    if not all(REVISION.fullmatch(one) and one not in _RESERVED for one in parents):
        return Revisions(failed=f"it calls the revision before {quote(_named(parents))}")
    depends = any(one.startswith("Also depends on: ") for one in sections["show"])
    return Revisions(current, heads, parents, depends)


def _sections(
    written: Sequence[str],
) -> tuple[Mapping[str, list[str]] | None, Mapping[str, int]]:
    """Return the lines and the exit code of each section; None where one is not whole."""
    sections: dict[str, list[str]] = {}
    exits: dict[str, int] = {}
    now = ""
    for line in (one.rstrip("\r\n") for one in written):
        marker = line.removeprefix("nightshift:") if line.startswith("nightshift:") else ""
        if marker.startswith("exit ") and now:
            code = marker.removeprefix("exit ")
            exits[now], now = int(code) if code.isdigit() else 1, ""
        elif marker:
            now = marker
            sections[now] = []
        elif now:
            sections[now].append(line)
    whole = all(name in exits for name in SECTIONS) and now == END
    return (sections if whole else None), exits


def _listed(found: Sequence[str]) -> tuple[str, ...]:
    """Return the ids of lines such as ``ae1027a6acf (head)``."""
    matches = [_LISTED.fullmatch(line.strip()) for line in found]
    return tuple(match["id"] for match in matches if match)


def _after(found: Sequence[str], name: str) -> tuple[str, ...]:
    values = [line.removeprefix(name) for line in found if line.startswith(name)]
    ids = [one.strip() for value in values for one in value.split(",")]
    return tuple(one for one in ids if one and one != "<base>")


def line(fact: Migrations | Unknown) -> str:
    """Return what is known as one line for people."""
    if isinstance(fact, Unknown):
        return f"unknown: {fact.why}"
    if fact.revisions is None:
        return fact.waits or "alembic was not asked lately"
    found = fact.revisions
    if found.failed:
        return f"alembic failed: {found.failed}"
    return f"at {_named(found.current)}, before it {_named(found.parents)}, heads {_named(found.heads)}"
