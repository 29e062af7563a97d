"""Overrides of the named limits in an environment file; a wrong name or type is found out here."""

import math
from collections.abc import Mapping
from typing import Any, Self, get_type_hints

from pydantic import BaseModel, ConfigDict, Field, model_validator

from ai_provider_outage.decide import Limits as AiProviderOutageLimits
from backend_5xx.limits import Limits as Backend5xxLimits
from db_connections.decide import Limits as DbConnectionsLimits
from db_unavailable.decide import Limits as DbUnavailableLimits
from redis_unavailable.decide import Limits as RedisUnavailableLimits
from rollback.limits import Limits as RollbackLimits
from runbook.limits import Limits as GateLimits
from worker_stuck.decide import Limits as WorkerStuckLimits


def _check_overrides(found: Mapping[str, Any], limits: type, where: str) -> None:
    """Check names and types here, for a function that refuses its limits is found out at night."""
    known = get_type_hints(limits)
    for name, value in found.items():
        if name not in known:
            raise ValueError(f"{where}.{name} is unknown; expected one of {', '.join(known)}")
        whole = known[name] is int
        number = isinstance(value, int if whole else (int, float)) and not isinstance(value, bool)
        if not number or not math.isfinite(value) or value <= 0:
            kind = "whole number" if whole else "number"
            raise ValueError(f"{where}.{name} is {value!r}; expected a {kind} above 0")


class Limits(BaseModel):
    """Overrides of the named limits; their defaults and reasons are beside the code they limit."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    gate: dict[str, Any] = Field(default_factory=dict)
    ai_provider_outage: dict[str, Any] = Field(default_factory=dict)
    backend_5xx: dict[str, Any] = Field(default_factory=dict)
    db_connections: dict[str, Any] = Field(default_factory=dict)
    db_unavailable: dict[str, Any] = Field(default_factory=dict)
    redis_unavailable: dict[str, Any] = Field(default_factory=dict)
    rollback: dict[str, Any] = Field(default_factory=dict)
    worker_stuck: dict[str, Any] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _known(self) -> Self:
        for name, limits in _LIMITS.items():
            _check_overrides(getattr(self, name), limits, f"limits.{name}")
        ai = AiProviderOutageLimits(**self.ai_provider_outage)
        if ai.error_percent > ai.alarm_percent:
            raise ValueError(
                f"limits.ai_provider_outage.error_percent is {ai.error_percent:g}; expected at most "
                f"alarm_percent, {ai.alarm_percent:g}: what rings cannot count as normal"
            )
        return self


_LIMITS: Mapping[str, type] = {
    "gate": GateLimits,
    "backend_5xx": Backend5xxLimits,
    "ai_provider_outage": AiProviderOutageLimits,
    "db_connections": DbConnectionsLimits,
    "db_unavailable": DbUnavailableLimits,
    "redis_unavailable": RedisUnavailableLimits,
    "rollback": RollbackLimits,
    "worker_stuck": WorkerStuckLimits,
}
