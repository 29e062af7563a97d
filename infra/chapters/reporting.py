"""What a report reads: the same for the function that a person asks and for the one that an alarm wakes."""

from typing import TypedDict

from infra.environment import Environment


class Reads(TypedDict):
    """The part of a ``Spec`` that names what is read."""

    services: list[str]
    log_groups: list[str]
    more: dict[str, list[str]]


def reads(environment: Environment) -> Reads:
    """Return the services, log groups and other resources that a report reads."""
    arn, tiers = environment.arn, (environment.backend, environment.worker)
    group = environment.redis.replication_group
    return {
        "services": [one.service for one in tiers],
        "log_groups": [one.log_group for one in tiers],
        "more": {
            "database": [arn("rds", f"db:{environment.database.instance}")],
            "replication_group": [arn("elasticache", f"replicationgroup:{group}")],
        },
    }
