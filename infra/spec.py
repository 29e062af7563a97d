"""What the stack has to know of one function; made by its module in ``infra/chapters``."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from runbook.incidents import FUNCTION_TIMEOUT
from runbook.permissions import Need


@dataclass(frozen=True)
class MetricFilter:
    """Counts log lines into a metric without dimensions."""

    log_group: str
    pattern: str
    namespace: str
    metric: str


@dataclass(frozen=True)
class Spec:
    """One function.

    Attributes:
        folder: in ``functions/``; the function's name follows from it.
        purpose: shown in the console.
        settings: what it is told.
        needs: what its code declares.
        requires: distributions that its asset carries.
        timeout_seconds: of one invocation.
        memory_mib: CPU follows memory; scenarios open several TLS connections at once.
        in_vpc: whether it runs in the users' network.
        each_minute: whether a schedule wakes it.
        services: ECS services that its checks read, by name.
        changes: ECS services that its fixes change, by name.
        log_groups: the users' log groups that it reads.
        repositories: ECR repositories that it reads.
        more: ARNs of further kinds of resource that its needs are on, by kind.
        events: patterns of service events that wake it, as EventBridge takes them, by a short name.
        filters: metric filters on the users' logs that its alarms and checks need.
        callers: names of alarms of the team's own that may call it directly.
    """

    folder: str
    purpose: str
    settings: Mapping[str, Any]
    needs: tuple[Need, ...]
    requires: tuple[str, ...] = ("aws-lambda-powertools",)
    timeout_seconds: int = int(FUNCTION_TIMEOUT.total_seconds())
    memory_mib: int = 512
    in_vpc: bool = False
    each_minute: bool = False
    services: Sequence[str] = ()
    changes: Sequence[str] = ()
    log_groups: Sequence[str] = ()
    repositories: Sequence[str] = ()
    more: Mapping[str, list[str]] = field(default_factory=dict)
    events: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    filters: Sequence[MetricFilter] = ()
    callers: Sequence[str] = ()
