"""RDS's and ElastiCache's own words: statuses that follow the real servers where they can, else are staged.

moto keeps the instance and the group; their events are answered from here.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from moto.core.responses import ActionResult
from moto.elasticache.models import elasticache_backends
from moto.elasticache.responses import ElastiCacheResponse
from moto.rds.models import rds_backends
from moto.rds.responses import RDSResponse

from infra.environment import Environment
from rehearsal.aws.shapes import conform
from rehearsal.clock import SharedClock

Put = Callable[[str, str, list[str], Any], None]
"""Puts an event on the bus: source, detail-type, resources, detail."""


class Managed:
    """The DB instance and the replication group of one case.

    Args:
        environment: their names.
        clock: dates events.
        put: takes RDS's events; node-based ElastiCache sends none to EventBridge.
    """

    def __init__(self, environment: Environment, clock: SharedClock, put: Put) -> None:
        self._environment = environment
        self._clock = clock
        self._put = put
        self._rds_events: list[dict[str, Any]] = []
        self._cache_events: list[dict[str, Any]] = []

    def make(self, client: Callable[[str], Any]) -> None:
        """Make both, as they were before Nightshift."""
        environment = self._environment
        client("rds").create_db_instance(
            DBInstanceIdentifier=environment.database.instance,
            DBInstanceClass="db.t4g.medium",
            Engine="postgres",
            AllocatedStorage=100,
            MultiAZ=True,
            MasterUsername="saas",
            MasterUserPassword="not-the-real-one",
        )
        client("elasticache").create_replication_group(
            ReplicationGroupId=environment.redis.replication_group,
            ReplicationGroupDescription="broker and counters",
            AutomaticFailoverEnabled=True,
            MultiAZEnabled=True,
            NumCacheClusters=2,
            Engine="redis",
            CacheNodeType="cache.t4g.small",
        )
        self._answer_events()

    def _answer_events(self) -> None:
        ours = self

        def of_rds(response: Any) -> ActionResult:
            wanted = response.params.get("SourceIdentifier")
            found = ours._between(ours._rds_events, response.params, wanted)
            return ActionResult(conform("rds", "DescribeEvents", {"Events": found}))

        def of_cache(response: Any) -> ActionResult:
            wanted = response._get_param("SourceIdentifier")
            given = {name: response._get_param(name) for name in ("StartTime", "EndTime")}
            found = ours._between(ours._cache_events, given, wanted)
            return ActionResult(conform("elasticache", "DescribeEvents", {"Events": found}))

        RDSResponse.describe_events = of_rds
        setattr(ElastiCacheResponse, "describe_events", of_cache)  # noqa: B010  # moto has none

    def _between(
        self, events: list[dict[str, Any]], params: Mapping[str, Any], wanted: str | None
    ) -> list[dict[str, Any]]:
        since, until = _moment(params.get("StartTime")), _moment(params.get("EndTime"))
        return [
            one
            for one in events
            if (not wanted or one["SourceIdentifier"] == wanted)
            and (since is None or one["Date"] >= since)
            and (until is None or one["Date"] <= until)
        ]

    def set_database(self, status: str) -> None:
        """Set the instance's status."""
        place = self._environment
        instance = rds_backends[place.account][place.region].databases[place.database.instance]
        instance.status = status

    def database_event(self, event_id: str, category: str, message: str) -> None:
        """Have RDS say something: in DescribeEvents and on the bus."""
        name, now = self._environment.database.instance, self._clock.now()
        arn = self._environment.arn("rds", f"db:{name}")
        self._rds_events.append(
            {
                "SourceIdentifier": name,
                "SourceType": "db-instance",
                "Message": message,
                "EventCategories": [category],
                "Date": now,
                "SourceArn": arn,
            }
        )
        detail = {
            "EventCategories": [category],
            "SourceType": "DB_INSTANCE",
            "SourceArn": arn,
            "Date": now.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
            "Message": message,
            "SourceIdentifier": name,
            "EventID": event_id,
        }
        self._put("aws.rds", "RDS DB Instance Event", [arn], detail)

    def set_redis(self, status: str) -> None:
        """Set the group's status."""
        place = self._environment
        backend = elasticache_backends[place.account][place.region]
        backend.replication_groups[place.redis.replication_group].status = status

    def redis_event(self, message: str) -> None:
        """Have ElastiCache say something: in DescribeEvents only."""
        self._cache_events.append(
            {
                "SourceIdentifier": self._environment.redis.replication_group,
                "SourceType": "replication-group",
                "Message": message,
                "Date": self._clock.now(),
            }
        )


def _moment(given: Any) -> datetime | None:
    if given is None or isinstance(given, datetime):
        return given if given is None or given.tzinfo else given.replace(tzinfo=UTC)
    return datetime.fromisoformat(str(given))
