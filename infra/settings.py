"""What each function is told, as one JSON object of plain values: no token, no secret."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from infra.environment import Environment, EnvironmentFileError
from runbook.settings import VARIABLE

MOST_BYTES = 4096
"""Of environment that Lambda takes, names and values together."""


def variables(folder: str, told: Mapping[str, Any]) -> dict[str, str]:
    """Return the environment variables of a function.

    Raises:
        EnvironmentFileError: they are more than Lambda takes.
    """
    value = json.dumps(told, separators=(",", ":"))
    size = len(VARIABLE) + len(value)
    if size > MOST_BYTES:
        raise EnvironmentFileError(
            f"the settings of {folder} have {size} bytes; Lambda takes at most {MOST_BYTES}: "
            "shorten the names in the environment file"
        )
    return {VARIABLE: value}


def _common(environment: Environment) -> dict[str, Any]:
    prefix = environment.prefix
    suffix = "amazonaws.com.cn" if environment.region.startswith("cn-") else "amazonaws.com"
    return {
        "environment": environment.name,
        "account": environment.account,
        "region": environment.region,
        "table": prefix,
        "pages_topic": environment.arn("sns", f"{prefix}-pages"),
        "updates_topic": environment.arn("sns", f"{prefix}-updates"),
        "dead_letters": (
            f"https://sqs.{environment.region}.{suffix}/{environment.account}/{prefix}-dead-letters"
        ),
    }


def switch_parameter(environment: Environment) -> str:
    """Return the kill switch's name."""
    return f"/nightshift/{environment.name}/switch"


def mode_parameters(environment: Environment) -> dict[str, str]:
    """Return the parameter name of each mode."""
    return {
        key: f"/nightshift/{environment.name}/modes/{key}" for key in environment.modes.model_dump()
    }


def targets(environment: Environment) -> dict[str, str]:
    """Return what each scenario looks after, by its name: the key of its incidents."""
    return {
        "backend_5xx": environment.backend.service,
        "db_connections": environment.database.instance,
        "db_unavailable": environment.database.instance,
        "redis_unavailable": environment.redis.replication_group,
        "ai_provider_outage": environment.ai.provider_parameter,
        "worker_stuck": environment.worker.service,
    }


def alarm_names(environment: Environment, scenario: str, ids: Iterable[str]) -> list[str]:
    """Return the names of the alarms that a scenario answers: ours, and the team's own."""
    own = [f"{environment.prefix}/{scenario}/{one}" for one in ids]
    return [*own, *environment.existing_alarms.get(scenario, [])]


def chapter(environment: Environment, scenario: str, alarm_ids: Iterable[str]) -> dict[str, Any]:
    """Return what every scenario's function is told: ``runbook.settings.Chapter``."""
    return {
        **_common(environment),
        "switch_parameter": switch_parameter(environment),
        "mode_parameters": mode_parameters(environment),
        "alarms": alarm_names(environment, scenario, alarm_ids),
        "targets": targets(environment),
        "gate_limits": environment.limits.gate,
    }


def bucket(environment: Environment) -> str:
    """Return the name of the bucket; all of AWS shares one list of them, so the place is in it."""
    return f"{environment.prefix}-{environment.account}-{environment.region}"


def patrol(
    environment: Environment,
    alarm_ids: Mapping[str, list[str]],
    bad: Mapping[str, Mapping[str, float]],
) -> dict[str, Any]:
    """Return the settings of patrol.

    Args:
        environment: names.
        alarm_ids: ids of the alarms that each deployed scenario answers.
        bad: per scenario which values of its first alarm's metric are bad: ``at_least`` or ``below``.
    """
    return {
        **_common(environment),
        "switch_parameter": switch_parameter(environment),
        "bucket": bucket(environment),
        "bad": bad,
        "alarms": {
            name: scenario
            for scenario, ids in alarm_ids.items()
            for name in alarm_names(environment, scenario, ids)
        },
        "targets": {
            name: target for name, target in targets(environment).items() if name in alarm_ids
        },
    }


def redis_probe(environment: Environment) -> dict[str, Any]:
    """Return the settings of the Redis probe."""
    redis = environment.redis
    return {
        "environment": environment.name,
        "redis_host": redis.host,
        "redis_port": redis.port,
        "redis_tls": redis.tls,
        "queue": redis.queue,
        "unacked": redis.unacked,
        "quota_pattern": redis.quota_pattern,
        "region": environment.region,
        "redis_secret": redis.secret,
    }


def report(environment: Environment) -> dict[str, Any]:
    """Return what is told to who reports: ``runbook.sources.Settings``."""
    tiers = {"backend": environment.backend, "worker": environment.worker}
    return {
        **_common(environment),
        "switch_parameter": switch_parameter(environment),
        "mode_parameters": mode_parameters(environment),
        "targets": targets(environment),
        "health_url": environment.health.url,
        "cluster": environment.cluster.name,
        "tiers": {
            name: {"service": one.service, "log_group": one.log_group}
            for name, one in tiers.items()
        },
        "load_balancer": environment.load_balancer.name,
        "instance": environment.database.instance,
        "replication_group": environment.redis.replication_group,
    }
