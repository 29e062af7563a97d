"""The runbook's chapter on a stuck worker as a person types it: one command after another.

``redis-cli LLEN`` is left out, and so is the person: reading, thinking and typing take no time here.
``logs tail`` stands as its FilterLogEvents, the dashboard's numbers as one GetMetricStatistics each.
"""

import json
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

Call = tuple[str, str, Mapping[str, Any]]


@dataclass(frozen=True)
class Command:
    """One command.

    Attributes:
        service: of the CLI.
        operation: of the CLI, for example ``describe-services``.
        params: as the API takes them.
        least: whether the chapter itself names it; the others are its Quick Diagnostics.
    """

    service: str
    operation: str
    params: Mapping[str, Any]
    least: bool = False

    def call(self) -> Call:
        """Return the same for boto3."""
        return self.service, self.operation.replace("-", "_"), self.params

    def words(self, aws: str) -> list[str]:
        """Return the same for the AWS CLI."""
        return [aws, self.service, self.operation, "--cli-input-json", json.dumps(self.params)]


def commands(told: Mapping[str, Any]) -> list[Command]:
    """Return what is typed, in its order; the last one is the fix.

    Args:
        told: the function's settings, for the names.
    """
    cluster, service = told["cluster"], told["service"]
    of_service = {"ClusterName": cluster, "ServiceName": service}
    stopped = {"cluster": cluster, "serviceName": service, "desiredStatus": "STOPPED"}
    task = f"arn:aws:ecs:{told['region']}:{told['account']}:task/{cluster}/STOPPED-{service}-0"
    since = int((datetime.now(UTC) - timedelta(minutes=10)).timestamp() * 1000)
    logs = {"logGroupName": told["log_group"], "startTime": since}
    fix = {"cluster": cluster, "service": service, "forceNewDeployment": True}
    return [
        Command(
            "ecs", "describe-services", {"cluster": cluster, "services": [service]}, least=True
        ),
        Command("logs", "filter-log-events", logs, least=True),
        _metric("AWS/ECS", "CPUUtilization", of_service),
        _metric("AWS/ECS", "MemoryUtilization", of_service),
        _metric(
            "AWS/ElastiCache", "DatabaseMemoryUsagePercentage", {"CacheClusterId": "redis-001"}
        ),
        Command("ecs", "list-tasks", stopped),
        Command("ecs", "describe-tasks", {"cluster": cluster, "tasks": [task]}),
        Command("ecs", "update-service", fix, least=True),
    ]


def _metric(namespace: str, name: str, dimensions: Mapping[str, str]) -> Command:
    now = datetime.now(UTC)
    params = {
        "Namespace": namespace,
        "MetricName": name,
        "Dimensions": [{"Name": key, "Value": value} for key, value in dimensions.items()],
        "StartTime": (now - timedelta(minutes=30)).isoformat(),
        "EndTime": now.isoformat(),
        "Period": 60,
        "Statistics": ["Maximum"],
    }
    return Command("cloudwatch", "get-metric-statistics", params)


def find_cli() -> str:
    """Return the AWS CLI on the PATH, empty when there is none that runs.

    A version manager's shim would count its own start as the CLI's: the program behind it is taken.
    """
    found = shutil.which("aws") or ""
    if Path(found).parent.name == "shims" and shutil.which("pyenv"):
        found = _output(["pyenv", "which", "aws"])
    return found if found and _output([found, "--version"]) else ""


def version(aws: str) -> str:
    """Return which CLI that is, for example ``aws-cli/2.31.0``."""
    return _output([aws, "--version"]).split(" ", 1)[0]


def _output(words: list[str]) -> str:
    try:
        done = subprocess.run(words, capture_output=True, text=True, timeout=30, check=True)
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip()
