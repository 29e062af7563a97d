"""The front end as a part: its one read and its fix."""

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Any

from rollback.frontend import FIELDS, UNDONE_BY, Facts, Wish, decide, understand
from rollback.limits import Limits
from rollback.part import MODE, NAME, Part
from rollback.settings import Settings
from runbook.aws import Aws, Calls
from runbook.checks import vercel
from runbook.checks.reading import ask
from runbook.checks.vercel import Place
from runbook.fixes.frontend import RollbackFrontend
from runbook.scenario import Scenario


def part(settings: Settings, aws: Aws, limits: Limits) -> Part:
    """Return the Vercel project as a part."""
    place = Place(settings.vercel_api, **settings.frontend)
    return Part(
        name="frontend",
        target=f"vercel:{place.project}",
        fields=FIELDS,
        understand=understand,
        scenario=partial(_scenario, aws, settings.region, place, limits),
        undone_by=UNDONE_BY,
    )


def _scenario(
    aws: Aws, region: str, place: Place, limits: Limits, wish: Wish | None
) -> Scenario[Facts]:
    fix = RollbackFrontend(aws, region, place, to=wish.to if wish else "", mode_key=MODE)
    return Scenario(
        name=NAME,
        target=fix.resource,
        reads=partial(reads, aws, place),
        facts=facts,
        decide=partial(decide, wish=wish, limits=limits, fix=fix),
        fixes={fix.name: fix},
        caveat=f"what undoes it: {UNDONE_BY}",
    )


def reads(aws: Aws, place: Place, now: datetime) -> Calls:
    """Return the one question."""
    del now
    read = partial(vercel.read, aws, place)
    return {"frontend": partial(ask, f"project {place.project}", read)}


def facts(now: datetime, answers: Mapping[str, Any]) -> Facts:
    """Make the answer into facts."""
    return Facts(at=now, **answers)
