"""Reads the public health endpoint once, as a user's browser would reach it."""

from dataclasses import dataclass

from runbook.checks import health
from runbook.model import Unknown


@dataclass(frozen=True)
class Settings:
    """What the template tells this function."""

    environment: str
    health_url: str


@dataclass(frozen=True)
class Reading:
    """What the endpoint answered.

    Attributes:
        ok: whether it answered that all is well.
        answered: whether the application itself answered, well or not.
        db, redis: of its parts; None where it does not say.
        error: why there was no answer of its own; empty when there was one.
    """

    ok: bool
    answered: bool = False
    db: bool | None = None
    redis: bool | None = None
    error: str = ""

    def metrics(self) -> dict[str, float]:
        """Return the whole always, and a part only where the endpoint speaks of it: silence is no 0."""
        parts = {"HealthDb": self.db, "HealthRedis": self.redis}
        said = {name: float(value) for name, value in parts.items() if value is not None}
        return {"HealthOk": float(self.ok), "HealthAnswered": float(self.answered), **said}


def read(settings: Settings) -> Reading:
    """Ask the endpoint once; never raises for what it answers."""
    answer = health.read(settings.health_url)
    if isinstance(answer, Unknown):
        return Reading(ok=False, error=answer.why)
    error = "" if answer.own else health.line(answer)
    return Reading(answer.ok, answer.own, db=answer.db, redis=answer.redis, error=error)
