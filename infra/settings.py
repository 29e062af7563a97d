"""What each function is told, as one JSON object of plain values: no token, no secret."""

from typing import Any

from infra.environment import Environment

MOST_BYTES = 3000
"""Lambda takes 4 KB of environment in all."""


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


def worker_stuck(environment: Environment) -> dict[str, Any]:
    """Return the settings of the scenario's function."""
    worker, limits = environment.worker, environment.limits
    return {
        **_common(environment),
        "switch_parameter": switch_parameter(environment),
        "mode_parameters": mode_parameters(environment),
        "alarms": [f"{environment.prefix}/worker_stuck/queue-depth"],
        "targets": {"worker_stuck": worker.service},
        "cluster": environment.cluster.name,
        "queue": environment.redis.queue,
        "queue_depth_alarm": environment.alarms.queue_depth,
        **worker.model_dump(),
        "limits": limits.worker_stuck,
        "gate_limits": limits.gate,
    }


def patrol(environment: Environment) -> dict[str, Any]:
    """Return the settings of patrol."""
    return {
        **_common(environment),
        "alarms": {f"{environment.prefix}/worker_stuck/queue-depth": "worker_stuck"},
        "targets": {"worker_stuck": environment.worker.service},
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
    }
