"""The numbers of scenario A's table, and what a person types next. Pure."""

from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit

from runbook.clock import minutes


@dataclass(frozen=True)
class Limits:
    """The numbers of the table.

    Attributes:
        memory_cap_mib: of one task; nothing is raised above it.
        connection_limit: connections that the database's clients can have.
        rate_percent: of 5xx that make a minute bad; the alarm's threshold.
        fewest_requests: below that a rate says nothing; the alarm's, and a verdict's.
        elb_errors: of the load balancer's own in a minute that make it bad; the alarm's threshold.
        outside_minutes: that the public endpoint may give no answer of the application's; the alarm's. One
            or two are the way through the internet.
        good_minutes: that the symptom must stay away before the end.
        crashes: in one deployment within ``crash_minutes`` that make a crash loop.
        crash_minutes: see ``crashes``; ECS backs off, so a loop makes about one crash in 3 min.
        count_minutes: from the beginning, that crashes are counted before a person is asked: by then a loop
            has made another one.
        oom_stops: of one revision within ``oom_minutes``; one may have been a single odd request.
        oom_minutes: see ``oom_stops``; as long as ECS shows stopped tasks.
        fresh_minutes: a younger deployment is the first suspect; an older one has shown that it works.
        proven_minutes: that a version must have run to be gone back to: longer than a bad one survives.
        start_minutes: that ECS may take to start tasks.
        rollout_minutes: that a deployment in progress may take.
        hand_over_minutes: that another scenario's incident is waited for.
        database_lines: error lines about the database that count as a sign; fewer may be one odd request.
        database_percent: of the error lines that they must be: else something else fails.
        event_minutes: an older RDS event has had its effect: a failover takes 1 to 2 min.
        connections_percent: of the limit, at which the database has none left to give.
        raise_days: memory is raised once in that time: what fills it again is a leak.
        raise_factor: by which memory is raised at the least: less would be full again at once.
        prove_minutes: after settling, that too little traffic may keep a verdict waiting.
    """

    memory_cap_mib: int
    connection_limit: int
    rate_percent: float = 5.0
    fewest_requests: int = 20
    elb_errors: int = 10
    outside_minutes: int = 3
    good_minutes: int = 5
    crashes: int = 3
    crash_minutes: int = 15
    count_minutes: int = 5
    oom_stops: int = 2
    oom_minutes: int = 60
    fresh_minutes: int = 60
    proven_minutes: int = 60
    start_minutes: int = 10
    rollout_minutes: int = 15
    hand_over_minutes: int = 10
    database_lines: int = 5
    database_percent: float = 50.0
    event_minutes: int = 15
    connections_percent: float = 95.0
    raise_days: int = 7
    raise_factor: float = 1.5
    prove_minutes: int = 30

    @property
    def proven(self) -> timedelta:
        """Return how long a version must have run to be gone back to."""
        return minutes(self.proven_minutes)


LATE_MINUTES = 3
"""That CloudWatch may take to show a minute of the load balancer."""


@dataclass(frozen=True)
class Commands:
    """What a person types next, filled in with the target's names."""

    region: str
    cluster: str
    service: str
    worker: str
    log_group: str
    database: str
    health_url: str

    @property
    def _at(self) -> str:
        return f"--region {self.region} --cluster {self.cluster}"

    @property
    def look(self) -> str:
        """Return how to look at the services and the log."""
        return (
            f"aws ecs describe-services {self._at} --services {self.service} {self.worker}\n"
            f"aws logs tail {self.log_group} --region {self.region} --since 30m"
        )

    @property
    def outside(self) -> str:
        """Return how to look at the way from a user to the load balancer."""
        host = urlsplit(self.health_url).hostname
        return (
            f"curl -sv --max-time 10 {self.health_url}\n"
            f"dig +short {host}\n"
            f"openssl s_client -connect {host}:443 -servername {host} </dev/null | "
            "openssl x509 -noout -subject -dates"
        )

    @property
    def deployments(self) -> str:
        """Return how to see what ran before, and how to go back to it."""
        return (
            f"aws ecs list-service-deployments {self._at} --service {self.service}\n"
            f"{self.deploy('<family>:<revision before>')}"
        )

    @property
    def scale(self) -> str:
        """Return how to start tasks of a service that is scaled to 0."""
        return f"aws ecs update-service {self._at} --service {self.service} --desired-count <more>"

    def deploy(self, revision: str) -> str:
        """Return how to deploy one revision."""
        return (
            f"aws ecs update-service {self._at} --service {self.service} "
            f"--task-definition {revision}"
        )

    def stop(self, deployment: str) -> str:
        """Return how to let ECS take back a deployment that is under way."""
        return (
            f"aws ecs stop-service-deployment --region {self.region} "
            f"--service-deployment-arn {deployment} --stop-type ROLLBACK"
        )

    def raise_memory(self, revision: str, to_mib: int) -> str:
        """Return how to deploy a revision with more memory."""
        return (
            f"aws ecs describe-task-definition --region {self.region} --task-definition {revision}\n"
            f"(register it again with {to_mib} MiB of memory, and nothing else changed)\n"
            f"{self.deploy(f'<the new revision with {to_mib} MiB>')}"
        )
