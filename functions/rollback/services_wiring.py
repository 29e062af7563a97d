"""Backend and worker as parts: their reads and their fix."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from rollback.limits import Limits
from rollback.part import MODE, NAME, Part
from rollback.services import UNSEEN, Facts, decide
from rollback.services_request import FIELDS, UNDONE_BY, Names, Wish, understand
from rollback.settings import Settings
from runbook.aws import Aws, Calls
from runbook.checks import ecs, service_deployments, task_definitions
from runbook.checks.ecr import Repository
from runbook.checks.reading import ask
from runbook.fixes.rollback import Rollback
from runbook.fixes.rollback_to import RollbackTo
from runbook.scenario import Scenario

STOPPED_WINDOW = timedelta(minutes=60)
"""ECS itself forgets stopped tasks after about an hour."""
MOST_REVISIONS = 5
"""That are listed, as the runbook does."""


def part(settings: Settings, aws: Aws, limits: Limits, tier: str, other: str) -> Part:
    """Return one service as a part.

    Args:
        settings: names.
        aws: clients.
        limits: numbers.
        tier: ``backend`` or ``worker``.
        other: the tier that is left on its version.
    """
    own: dict[str, Any] = settings.tiers[tier]
    repository = Repository(settings.account, settings.region, own["repository"])
    own = {**own, "repository": repository}
    names = Names(
        region=settings.region,
        cluster=settings.cluster,
        service=own["service"],
        family=own["task_family"],
        other=settings.tiers[other]["service"],
    )
    return Part(
        name=tier,
        target=names.service,
        fields=FIELDS,
        understand=partial(understand, family=names.family),
        scenario=partial(_scenario, aws, own, limits, names),
        undone_by=UNDONE_BY,
    )


def _scenario(
    aws: Aws, own: Mapping[str, Any], limits: Limits, names: Names, wish: Wish | None
) -> Scenario[Facts]:
    return Scenario(
        name=NAME,
        target=names.service,
        reads=partial(reads, aws, names),
        facts=facts,
        decide=partial(decide, wish=wish, limits=limits, names=names),
        fixes={"rollback": _fix(aws, own, limits, names, wish)},
        caveat=f"{UNDONE_BY}; {UNSEEN}",
    )


def _fix(
    aws: Aws, own: Mapping[str, Any], limits: Limits, names: Names, wish: Wish | None
) -> Rollback:
    told: dict[str, Any] = {
        "aws": aws,
        "region": names.region,
        "cluster": names.cluster,
        "service": names.service,
        "container": own["container"],
        "repository": own["repository"],
        "proven": timedelta(minutes=limits.proven_minutes),
        "mode_key": MODE,
    }
    return RollbackTo(**told, to=wish.to) if wish and wish.to else Rollback(**told)


def reads(aws: Aws, names: Names, now: datetime) -> Calls:
    """Return the questions, to be asked side by side."""
    reader, cluster, service = aws.reader("ecs"), names.cluster, names.service
    asked: dict[str, Callable[[], Any]] = {
        "service": partial(ecs.service, reader, cluster, service),
        "history": partial(service_deployments.read, reader, cluster, service),
        "stopped": partial(ecs.stopped_tasks, reader, cluster, service, now, STOPPED_WINDOW),
        "revisions": partial(task_definitions.newest, reader, names.family, MOST_REVISIONS),
        "other": partial(ecs.service, reader, cluster, names.other),
    }
    return {name: partial(ask, name, read) for name, read in asked.items()}


def facts(now: datetime, answers: Mapping[str, Any]) -> Facts:
    """Make the answers into facts."""
    return Facts(at=now, **answers)
