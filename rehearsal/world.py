"""The SaaS itself, as it is at a case's end: what the judge's proofs are about."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rehearsal.saas import quotas

if TYPE_CHECKING:
    from rehearsal.stage import Stage

RECENT = 3
"""Minutes of requests that count as the end."""


@dataclass(frozen=True)
class World:
    """What there is.

    Attributes:
        desired: tasks that each service should have, by the service's kind.
        revisions: which revision each one's primary deployment runs, as ``family:number``.
        memory_mib: of that revision's tasks.
        recent_requests: of the last minutes, by the load balancer.
        recent_errors: of those, answers of 5xx.
        provider: the AI provider by SSM.
        connections: of the database; None where it does not answer.
        usage: tokens by user, as the usage log in Postgres sums them up.
        counters: the same, as Redis counts.
        rows: of the usage log.
        production: which deployment of the front end is served.
        schema: the revision that Alembic left in the database; empty where it never ran.
        plans: columns of the table that the migrations make; none where it is not there.
    """

    desired: dict[str, int]
    revisions: dict[str, str]
    memory_mib: dict[str, int | None]
    recent_requests: float
    recent_errors: float
    provider: str
    connections: int | None
    usage: dict[str, int]
    counters: dict[str, int]
    rows: int
    production: str
    schema: str = ""
    plans: tuple[str, ...] = ()


def look_at(stage: "Stage") -> World:
    """Read all of it from the real parts."""
    saas = stage.saas
    services = {one.program.kind: one for one in (saas.worker, saas.backend)}
    primaries = {kind: one.deployments[0].definition for kind, one in services.items()}
    recent = saas.minutes[-RECENT:]
    answers = [
        (name, value) for minute in recent for name, value in minute.items() if "5XX" in name
    ]
    parameter = stage.environment.ai.provider_parameter
    rows = saas.query("SELECT user_id, sum(tokens), count(*) FROM ai_usage_log GROUP BY user_id")
    return World(
        desired={kind: one.desired for kind, one in services.items()},
        revisions={kind: arn.rsplit("/", 1)[-1] for kind, arn in primaries.items()},
        memory_mib={
            kind: one.describe(primaries[kind]).memory_mib for kind, one in services.items()
        },
        recent_requests=sum(minute.get("RequestCount", 0.0) for minute in recent),
        recent_errors=sum(value for _, value in answers),
        provider=stage.aws.client("ssm").get_parameter(Name=parameter)["Parameter"]["Value"],
        connections=saas.connections(),
        usage={str(user): int(tokens) for user, tokens, _ in rows},
        counters=quotas.counters(saas.broker.client, saas.quota_prefix) if saas.broker.up() else {},
        rows=sum(int(count) for _, _, count in rows),
        production=saas.outside.production,
        schema=saas.schema(),
        plans=saas.columns("plans"),
    )
