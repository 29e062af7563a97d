"""What the services answer that speak XML: RDS, ElastiCache and SNS."""

from collections.abc import Mapping

from benchmarks.nights import Night


def _answer(operation: str, result: str) -> str:
    return (
        f"<{operation}Response><{operation}Result>{result}</{operation}Result>"
        f"<ResponseMetadata><RequestId>0</RequestId></ResponseMetadata></{operation}Response>"
    )


def instance(params: Mapping[str, str], night: Night) -> str:
    """Answer RDS's DescribeDBInstances."""
    found = (
        f"<DBInstanceIdentifier>{params['DBInstanceIdentifier']}</DBInstanceIdentifier>"
        f"<DBInstanceStatus>{night.database}</DBInstanceStatus><MultiAZ>true</MultiAZ>"
        "<DBInstanceClass>db.t4g.medium</DBInstanceClass><AllocatedStorage>100</AllocatedStorage>"
    )
    return _answer(
        "DescribeDBInstances", f"<DBInstances><DBInstance>{found}</DBInstance></DBInstances>"
    )


def group(params: Mapping[str, str]) -> str:
    """Answer ElastiCache's DescribeReplicationGroups: a primary and its replica."""
    name = params["ReplicationGroupId"]
    members = "".join(
        f"<NodeGroupMember><CacheClusterId>{name}-00{number}</CacheClusterId>"
        f"<CurrentRole>{role}</CurrentRole></NodeGroupMember>"
        for number, role in ((1, "primary"), (2, "replica"))
    )
    nodes = f"<NodeGroup><NodeGroupMembers>{members}</NodeGroupMembers></NodeGroup>"
    found = (
        f"<ReplicationGroupId>{name}</ReplicationGroupId><Status>available</Status>"
        f"<NodeGroups>{nodes}</NodeGroups>"
    )
    listed = f"<ReplicationGroups><ReplicationGroup>{found}</ReplicationGroup></ReplicationGroups>"
    return _answer("DescribeReplicationGroups", listed)


def events() -> str:
    """Answer DescribeEvents, which RDS and ElastiCache have in one shape: none."""
    return _answer("DescribeEvents", "<Events></Events>")


def published() -> str:
    """Answer SNS's Publish."""
    return _answer("Publish", "<MessageId>00000000-0000-0000-0000-000000000000</MessageId>")
