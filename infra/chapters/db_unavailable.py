"""Runbook scenario C: RDS fails over or is unavailable."""

import db_unavailable.needs
from infra import settings
from infra.alarm import RUNBOOK, Alarm, twin
from infra.environment import Environment
from infra.spec import Spec

NAME = "db_unavailable"
EVENTS = (
    "RDS-EVENT-0004", "RDS-EVENT-0006", "RDS-EVENT-0022",  # shut down, restarted, failed to restart
    "RDS-EVENT-0007", "RDS-EVENT-0089", "RDS-EVENT-0221",  # storage used up, low, full and shut down
    "RDS-EVENT-0013", "RDS-EVENT-0034", "RDS-EVENT-0049",  # failover started, abandoned, completed
    "RDS-EVENT-0031", "RDS-EVENT-0035", "RDS-EVENT-0036",  # failed, invalid parameters, network
)  # fmt: skip
"""Events that wake the scenario before its alarm does; what holds is read from RDS."""


def alarms(environment: Environment) -> list[Alarm]:
    """Return the scenario's alarm and its twin."""
    critical = Alarm(
        id="health-db",
        group=NAME,
        description=(
            "Runbook scenario C: the health endpoint has said for 3 min that its database fails. "
            f"Nightshift looks at RDS. See {RUNBOOK}."
        ),
        namespace="Nightshift",
        metric="HealthDb",
        dimensions={"environment": environment.name},
        statistic="Minimum",
        comparison="LessThanThreshold",
        threshold=1,
        datapoints=3,
        of=3,
        # The field is not there when the backend does not answer at all: that is scenario A's.
        missing="missing",
    )
    why = (
        "The application's database has failed, or nobody could ask, for 30 min, and Nightshift has not "
        "ended it: look yourself."
    )
    return [critical, twin(critical, why)]


def spec(environment: Environment) -> Spec:
    """Return the scenario's function."""
    database = environment.database.instance
    ids = [one.id for one in alarms(environment) if one.group == NAME]
    return Spec(
        folder=NAME,
        purpose="Runbook scenario C: RDS fails over or is unavailable",
        settings={
            **settings.chapter(environment, NAME, ids),
            "databases": [database],
            "instance": database,
            "health_url": environment.health.url,
            "log_group": environment.backend.log_group,
            "cluster": environment.cluster.name,
            "backend": environment.backend.service,
            "limits": environment.limits.db_unavailable,
        },
        callers=environment.existing_alarms.get(NAME, []),
        needs=db_unavailable.needs.NEEDS,
        memory_mib=1024,
        log_groups=[environment.backend.log_group],
        more={"database": [environment.arn("rds", f"db:{database}")]},
        events={
            "rds": {
                "source": ["aws.rds"],
                "detail-type": ["RDS DB Instance Event"],
                "detail": {"SourceIdentifier": [database], "EventID": list(EVENTS)},
            }
        },
    )
