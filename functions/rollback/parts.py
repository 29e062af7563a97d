"""All parts that can be rolled back, by the names that a request uses."""

from rollback import database_wiring, frontend_wiring, services_wiring
from rollback.limits import Limits
from rollback.part import NAME, Part
from rollback.settings import Settings
from runbook.aws import Aws
from runbook.settings import build


def limits_of(settings: Settings) -> Limits:
    """Return the numbers: the defaults and the environment's overrides."""
    return build(Limits, settings.limits, f"limits.{NAME}")


def parts_of(settings: Settings, aws: Aws) -> dict[str, Part]:
    """Return every part by its name."""
    limits = limits_of(settings)
    parts = (
        services_wiring.part(settings, aws, limits, "backend", other="worker"),
        services_wiring.part(settings, aws, limits, "worker", other="backend"),
        database_wiring.part(settings, aws),
        frontend_wiring.part(settings, aws, limits),
    )
    return {part.name: part for part in parts}
