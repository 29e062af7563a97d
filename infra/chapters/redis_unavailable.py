"""Runbook scenario D: Redis is unavailable."""

import redis_unavailable.needs
from infra import settings
from infra.alarm import RUNBOOK, Alarm, Math, Series, twin
from infra.environment import Environment
from infra.spec import Spec

NAME = "redis_unavailable"


def alarms(environment: Environment) -> list[Alarm]:
    """Return the scenario's alarm and its twin."""
    critical = Alarm(
        id="redis-up",
        group=NAME,
        description=(
            "Runbook scenario D: Redis has not answered its probe for 2 min. Nightshift looks at it. "
            f"See {RUNBOOK}."
        ),
        namespace="Nightshift",
        metric="RedisUp",
        dimensions={"environment": environment.name},
        statistic="Minimum",
        comparison="LessThanThreshold",
        threshold=1,
        datapoints=2,
        of=2,
        missing="missing",
    )
    why = (
        "Redis has not answered, or nobody could ask, for 30 min, and Nightshift has not ended it: look "
        "yourself."
    )
    return [critical, twin(critical, why), _another_run(environment)]


def _another_run(environment: Environment) -> Alarm:
    """Return the alarm on a Redis that restarted, or was taken over from, between two probes.

    Without it nobody would know: the probe found a Redis each minute, and it has lost the newest counters.
    """
    dimensions = {"environment": environment.name}
    changed = Math(
        expression="ABS(DIFF(run))",
        series={"run": Series("Nightshift", "RedisRun", dimensions, "Maximum")},
    )
    return Alarm(
        id="redis-run",
        group=NAME,
        description=(
            "Runbook scenario D: another Redis answers than a minute before, restarted or failed over. "
            f"Nightshift has the quotas rebuilt. See {RUNBOOK}."
        ),
        namespace="Nightshift",
        metric="RedisRun",
        dimensions=dimensions,
        statistic="Maximum",
        comparison="GreaterThanOrEqualToThreshold",
        threshold=1,
        datapoints=1,
        # One would do; CloudWatch takes a difference only of what it looks at, and data may come late.
        of=3,
        missing="notBreaching",
        passing=True,
        math=changed,
    )


def spec(environment: Environment) -> Spec:
    """Return the scenario's function."""
    group, arn = environment.redis.replication_group, environment.arn
    probe = f"{environment.prefix}-redis-probe"
    ids = [one.id for one in alarms(environment) if one.group == NAME]
    return Spec(
        folder=NAME,
        purpose="Runbook scenario D: Redis is unavailable, or was",
        settings={
            **settings.chapter(environment, NAME, ids),
            "replication_group": group,
            "probe": probe,
            "queue": environment.redis.queue,
            "queue_depth_good": environment.alarms.queue_depth,
            "health_url": environment.health.url,
            "reconcile_url": environment.reconcile.url,
            "reconcile_secret": environment.reconcile.secret,
            "limits": environment.limits.redis_unavailable,
        },
        callers=environment.existing_alarms.get(NAME, []),
        needs=redis_unavailable.needs.NEEDS,
        memory_mib=1024,
        more={
            "replication_group": [arn("elasticache", f"replicationgroup:{group}")],
            "redis_probe": [arn("lambda", f"function:{probe}")],
            # Secrets Manager puts a dash and six characters behind a secret's name.
            "secret": [arn("secretsmanager", f"secret:{environment.reconcile.secret}-??????")],
        },
    )
