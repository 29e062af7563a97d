"""The database as a part: what it reads, when it asks alembic anew, its one fix."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any

from rollback import database
from rollback.database import Facts
from rollback.database_request import FIELDS, Statements, parse
from rollback.part import MODE, NAME, Part
from rollback.settings import Settings
from runbook import one_off
from runbook.aws import Aws, Calls
from runbook.checks import alembic, snapshots
from runbook.checks.alembic import Migrations
from runbook.checks.reading import ask
from runbook.fixes import downgrade
from runbook.fixes.downgrade import Downgrade
from runbook.model import Decision, Incident, Unknown
from runbook.one_off import Family, Task
from runbook.permissions import Need
from runbook.scenario import Closer, Scenario
from runbook.tell import quote

NEEDS: tuple[Need, ...] = (*downgrade.NEEDS, *alembic.STARTS, *snapshots.NEEDS)


def family_of(settings: Settings) -> Family:
    """Return the one-off tasks that have ``alembic``."""
    told = settings.migrations
    return Family(
        cluster=settings.cluster,
        name=told["task_family"],
        container=told["container"],
        log_group=told["log_group"],
        subnets=tuple(told["subnet_ids"]),
        security_groups=tuple(told["security_group_ids"]),
    )


@dataclass(frozen=True)
class Reads:
    """What the part reads for one request or one second look.

    Attributes:
        aws: clients.
        switch: the kill switch's parameter name.
        wish: what the request states; None for a second look.
        fix: the downgrade.
    """

    aws: Aws
    switch: str
    wish: Statements | None
    fix: Downgrade

    def calls(self, now: datetime) -> Calls:
        """Return what every look reads; it starts nothing."""
        fix = self.fix
        look = partial(alembic.look, self.aws, fix.family, fix.prefix, now)
        asked: dict[str, Callable[[], Any]] = {"migrations": partial(ask, "migrations", look)}
        if self.wish and self.wish.snapshot:
            read = partial(snapshots.snapshot, self.aws.reader("rds"), self.wish.snapshot)
            asked["snapshot"] = partial(ask, f"snapshot {self.wish.snapshot}", read)
        return asked

    def facts(self, now: datetime, answers: Mapping[str, Any]) -> Facts:
        """Make the answers into facts."""
        found = Facts(at=now, **answers)
        if self.wish is None:
            return found
        return replace(found, shown=database.shown(found, self.wish, self.fix))

    def closer(self, facts: Facts, incident: Incident, decision: Decision) -> Calls:
        """Return the start of a reading where one is due, or the read of a failed downgrade's log."""
        del decision
        found, attempt = facts.migrations, incident.unverified
        if isinstance(found, Unknown):
            return {}
        start = partial(self._start, found, facts.at)
        due = {"migrations": partial(ask, "alembic", start)} if found.needed else {}
        if attempt is None:
            return due if self.wish is not None and incident.unanswered is None else {}
        task = found.started_by(self.fix.by(attempt.intent_id))
        if task is None or not task.stopped:
            return {}
        if task.exit_code == 0:
            return due
        return {"said": partial(ask, "the task's log", partial(self._said, task))}

    def _start(self, known: Migrations, now: datetime) -> Migrations | Unknown:
        fix = self.fix
        return alembic.start(self.aws, fix.family, fix.prefix, self.switch, known, now)

    def _said(self, task: Task) -> tuple[str, ...] | Unknown:
        ecs, logs = self.aws.reader("ecs"), self.aws.reader("logs")
        lines = one_off.lines(ecs, logs, self.fix.family, task)
        if isinstance(lines, Unknown):
            return lines
        return tuple(quote(one) for one in lines if one.strip())[-database.MOST_LINES :]

    def closer_facts(self, facts: Facts, answers: Mapping[str, Any]) -> Facts:
        """Put what was read more closely to the facts."""
        return replace(facts, **answers)


def part(settings: Settings, aws: Aws) -> Part:
    """Return the part of the database."""
    fix = Downgrade(
        aws=aws,
        family=family_of(settings),
        instance=settings.instance,
        prefix=f"nightshift-{settings.environment}",
        region=settings.region,
        mode_key=MODE,
    )

    def scenario(wish: Statements | None) -> Scenario[Facts]:
        reads = Reads(aws, settings.switch_parameter, wish, fix)
        return Scenario(
            name=NAME,
            target=settings.instance,
            reads=reads.calls,
            facts=reads.facts,
            decide=partial(database.decide, wish=wish, fix=fix),
            fixes={fix.name: fix},
            closer=Closer(reads.closer, reads.closer_facts),
            caveat=database.UNDONE_BY,
        )

    return Part(
        name="database",
        target=settings.instance,
        fields=FIELDS,
        understand=parse,
        scenario=scenario,
        undone_by=database.UNDONE_BY,
    )
