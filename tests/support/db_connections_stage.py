"""The in-memory AWS with a database whose connections two ECS services share, and its night."""

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

import db_connections.wiring
from chapter_night import ChapterNight
from chapter_stage import ChapterStage, Function
from db_connections.settings import Settings
from ecs import ARN, CLUSTER, Body, NoSuchCallError
from infra.chapters import db_connections as chapter
from seam import Call

WORKER, BACKEND = "saas-worker", "saas-backend"
MAY_HAVE = 197
"""max_connections less the reserved ones, as in ``environments/prod.toml``."""
EACH = {WORKER: 20, BACKEND: 10}
"""Connections of one task."""


class ConnectionsStage(ChapterStage):
    """A stage whose function is db_connections. Of its world: each service's tasks, and who is in the way."""

    function = Function("db_connections", chapter, Settings, db_connections.wiring.wire, urls={})
    changes_by = ("UpdateService",)

    def _build(self) -> None:
        super()._build()
        self.world = {
            "tasks": {WORKER: 4, BACKEND: 6},
            "rollout": "COMPLETED",
            "controller": "ECS",
            "scaling": [],
        }

    @property
    def tasks(self) -> dict[str, int]:
        """Return the count of each service, to be changed as an engineer would."""
        return self.world["tasks"]  # type: ignore[no-any-return]

    def _answer(self, call: Call) -> tuple[int, Any] | None:
        if call.service == "applicationautoscaling":
            return 200, self._scaling(call.operation)
        if call.service == "ecs":
            return self._ecs(call.operation, call.params)
        return super()._answer(call)

    def _scaling(self, operation: str) -> Body:
        names = self.world["scaling"]
        if operation == "DescribeScalingPolicies":
            return {"ScalingPolicies": [{"PolicyName": name} for name in names]}
        targets = [{"MinCapacity": 1}] if names else []
        return {"ScalableTargets": targets}

    def _ecs(self, operation: str, params: Mapping[str, Any]) -> tuple[int, Body]:
        name = params.get("service") or params.get("serviceName") or ""
        if operation == "UpdateService" and set(params) == {"cluster", "service", "desiredCount"}:
            self.tasks[name] = params["desiredCount"]
            return 200, {"service": self._service(name)}
        if operation == "DescribeServices":
            return 200, {"services": [self._service(one) for one in params["services"]]}
        if operation == "ListTasks":
            arns = [f"{ARN}:task/{CLUSTER}/{name}-{one}" for one in range(self.tasks[name])]
            return 200, {"taskArns": arns}
        if operation == "DescribeTasks":
            return 200, {"tasks": [_task(arn) for arn in params["tasks"]]}
        raise NoSuchCallError(f"ECS {operation} with {sorted(params)}")

    def _service(self, name: str) -> Body:
        long_ago = self.time.timestamp() - 9 * 86400
        primary = {
            "id": f"ecs-svc/{name}",
            "status": "PRIMARY",
            "taskDefinition": f"{ARN}:task-definition/{name}:7",
            "rolloutState": self.world["rollout"],
            "createdAt": long_ago,
            "updatedAt": long_ago,
        }
        return {
            "serviceName": name,
            "status": "ACTIVE",
            "desiredCount": self.tasks[name],
            "runningCount": self.tasks[name],
            "pendingCount": 0,
            "deploymentController": {"type": self.world["controller"]},
            "deployments": [deepcopy(primary)],
        }


def _task(arn: str) -> Body:
    address = {"privateIpv4Address": f"10.0.0.{len(arn) % 200}"}
    return {"taskArn": arn, "containers": [{"networkInterfaces": [address]}]}


class ConnectionsNight(ChapterNight):
    """A night of connections.

    Attributes:
        leak: connections that neither service's pools hold.
        grabs: whether the leak takes whatever is given back.
        failing: of 100 requests, while no connection is left.
        cpu: percent, of each service.
    """

    def begin(self) -> None:
        self.leak = 0
        self.grabs = False
        self.failing = 20
        self.cpu = 20.0
        self.minutes(6)

    def _world(self) -> bool:
        stage: ConnectionsStage = self.stage
        pools = sum(EACH[name] * count for name, count in stage.tasks.items())
        taken = MAY_HAVE if self.grabs else min(MAY_HAVE, pools + self.leak)
        full = taken >= 0.95 * MAY_HAVE
        settings = stage.settings
        stage.count(
            "AWS/RDS", {"DatabaseConnections": taken}, DBInstanceIdentifier=settings.instance
        )
        answered = {"RequestCount": 100, "HTTPCode_Target_5XX_Count": self.failing if full else 0}
        stage.count("AWS/ApplicationELB", answered, LoadBalancer=settings.load_balancer)
        for name in stage.tasks:
            cpu = {"CPUUtilization": self.cpu}
            stage.count("AWS/ECS", cpu, ClusterName=settings.cluster, ServiceName=name)
        return full

    def fills(self) -> None:
        """Let connections run out, in a way that fewer tasks help."""
        self.leak = 50

    def fills_more(self) -> None:
        """Let connections run out, in a way that only fewer backend tasks help."""
        self.leak = 75

    def helps(self) -> None:
        """Let the leak end."""
        self.leak = 0

    moments = {  # noqa: RUF012  # as the base declares it
        "the fix": ("", fills, lambda stage: stage.tasks[WORKER] == 3),
        "the proof": (
            "the fix",
            lambda _: None,
            lambda s: ("scale_worker", "VERIFIED") in s.outcomes(),
        ),
        "both": ("", fills_more, lambda s: s.outcomes()[-1:] == [("scale_backend", "VERIFIED")]),
        "the restore": ("the proof", helps, lambda stage: stage.tasks[WORKER] == 4),
    }
