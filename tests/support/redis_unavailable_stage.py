"""The in-memory AWS with a Redis, its probe and the SaaS's own endpoints, and its night."""

import json
from typing import Any

import redis_unavailable.wiring
from chapter_night import ChapterNight
from chapter_stage import ChapterStage, Function
from infra.chapters import redis_unavailable as chapter
from redis_unavailable.settings import Settings
from seam import Call

HEALTH, RECONCILE = "/api/v1/health", "/admin/reconcile"
TOKEN = "t0ken-of-the-stage"
COUNTERS = 12
TASK = "t-1"
ACCEPTED = {"task_id": TASK}
_GROUP = """<DescribeReplicationGroupsResponse><DescribeReplicationGroupsResult><ReplicationGroups>
<ReplicationGroup><ReplicationGroupId>{name}</ReplicationGroupId><Status>{status}</Status><NodeGroups>
<NodeGroup><NodeGroupMembers><NodeGroupMember><CacheClusterId>{name}-001</CacheClusterId>
<CurrentRole>primary</CurrentRole></NodeGroupMember></NodeGroupMembers></NodeGroup></NodeGroups>
</ReplicationGroup></ReplicationGroups></DescribeReplicationGroupsResult></DescribeReplicationGroupsResponse>"""
_EVENTS = """<DescribeEventsResponse><DescribeEventsResult><Events/></DescribeEventsResult>
</DescribeEventsResponse>"""


class RedisStage(ChapterStage):
    """A stage whose function is redis_unavailable.

    Of its world: whether Redis is up, which run of it, its quota counters, ElastiCache's status.
    """

    function = Function(
        "redis_unavailable",
        chapter,
        Settings,
        redis_unavailable.wiring.wire,
        urls={"health_url": HEALTH, "reconcile_url": RECONCILE},
    )

    def _build(self) -> None:
        super()._build()
        secret = self.settings.reconcile_secret
        self.admin("secretsmanager").create_secret(Name=secret, SecretString=TOKEN)
        self.world = {"up": True, "run": 1, "counters": COUNTERS, "status": "available"}
        self.outside.say(HEALTH, {"db": "ok", "redis": "ok"})
        self.outside.say(RECONCILE, ACCEPTED, 202)

    def _answer(self, call: Call) -> tuple[int, Any] | None:
        if call.service == "elasticache":
            name = self.settings.replication_group
            group = _GROUP.format(name=name, status=self.world["status"])
            return 200, _EVENTS if call.operation == "DescribeEvents" else group
        if call.service == "lambda":
            return 200, json.dumps(self._reading(json.loads(call.params["Payload"])))
        return super()._answer(call)

    def _reading(self, asked: dict[str, str]) -> dict[str, Any]:
        up, done = self.world["up"], self.world["counters"] and asked.get("task") == TASK
        return {
            "up": up,
            "run_id": f"run-{self.world['run']}" if up else "",
            "depth": 0 if up else None,
            "quota_keys": self.world["counters"] if up else None,
            "task": "SUCCESS" if done else "",
            "error": "" if up else "ConnectionError",
        }

    def posts(self) -> int:
        """Return how many requests reached the admin endpoint."""
        return len(self.outside.posts)


class RedisNight(ChapterNight):
    """A night of Redis.

    Attributes:
        depth: messages in the Celery queue.
        works: whether the reconcile's task does what it should.
    """

    def begin(self) -> None:
        self.depth = 3
        self.works = True
        self.minutes(4)

    def _world(self) -> bool:
        stage: RedisStage = self.stage
        world, own = stage.world, {"environment": "prod"}
        accepted = stage.outside.says[RECONCILE] == (202, json.dumps(ACCEPTED).encode())
        if stage.posts() and world["up"] and accepted and self.works:
            world["counters"] = COUNTERS
        if world["up"]:
            stage.count("Nightshift", {"RedisUp": 1, "RedisRun": world["run"]}, **own)
            stage.count("Nightshift", {"QueueDepth": self.depth}, **own, queue="celery")
        else:
            stage.count("Nightshift", {"RedisUp": 0}, **own)
        return not world["up"]

    def fails(self) -> None:
        """Let Redis be away."""
        self.stage.world.update(up=False, counters=0)

    def comes_back(self) -> None:
        """Let Redis be there again, empty."""
        self.stage.world.update(up=True, run=self.stage.world["run"] + 1, counters=0)

    moments = {  # noqa: RUF012  # as the base declares it
        "the alarm": ("", fails, lambda stage: bool(stage.incident())),
        "the fix": ("the alarm", comes_back, lambda stage: stage.posts() == 1),
    }
