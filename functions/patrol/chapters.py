"""What a draft has to know of each scenario: which fact is the symptom, and what a person still has to do."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class FollowUp:
    """One thing that stays with a person.

    Attributes:
        text: what to do.
        after: only where a fix of this name was applied; always, where it is empty.
    """

    text: str
    after: str = ""


@dataclass(frozen=True)
class Chapter:
    """One scenario, as its draft needs it.

    Attributes:
        symptom: the facts that its first alarm measures, added up.
        of: where the alarm compares a rate in percent, the fact that is the whole.
        shown: lines of ``seen`` that show the symptom to people.
        follow_ups: what a person still has to do.
    """

    symptom: tuple[str, ...]
    shown: tuple[str, ...]
    follow_ups: tuple[FollowUp, ...]
    of: str = ""


CHAPTERS: Mapping[str, Chapter] = {
    "backend_5xx": Chapter(
        ("target_5xx", "elb_5xx"),
        ("requests", "target 5xx", "elb 5xx", "healthy", "from outside"),
        (
            FollowUp(
                "hold the next pipeline run, or repair the revision first: it would ship again what was "
                "rolled back; ask whether its migrations fit the older revision",
                "rollback",
            ),
            FollowUp("find what needs the memory: raising it treats the symptom", "raise_memory"),
            FollowUp(
                "find the cause of the errors in the lines above, and keep it from coming back"
            ),
        ),
        of="requests",
    ),
    "db_connections": Chapter(
        ("connections",),
        ("connections", "5xx"),
        (
            FollowUp(
                "find who holds the connections (pg_stat_activity), and compare pool size times tasks "
                "with the limit; RDS Proxy is what lasts"
            ),
        ),
    ),
    "db_unavailable": Chapter(
        ("db_ok",),
        ("db field", "database"),
        (
            FollowUp("find why the database went away (RDS events, AWS Health)"),
            FollowUp("ask whether writes were lost: what was not committed is gone"),
        ),
    ),
    "redis_unavailable": Chapter(
        ("up",),
        ("redis", "up"),
        (
            FollowUp("find why Redis went away (ElastiCache events, memory, evictions)"),
            FollowUp(
                "find tasks that were queued in Redis and are gone; what lives only there has to be "
                "built again"
            ),
            FollowUp("compare a few users' quotas with ai_usage_log", "reconcile"),
        ),
    ),
    "ai_provider_outage": Chapter(
        ("errors",),
        ("provider", "requests", "errors"),
        (
            FollowUp(
                "decide which provider stays; switching back is a person's", "switch_provider"
            ),
            FollowUp("find the users who got the fallback, and whether they are owed an answer"),
        ),
        of="requests",
    ),
    # By hand: no alarm measures it, so it has no symptom.
    "rollback": Chapter(
        (),
        (),
        (
            FollowUp(
                "hold the next pipeline run, or revert the change first: it would ship again what was "
                "rolled back; ask whether its migrations fit the older revision",
                "rollback",
            ),
            FollowUp(
                "promote the repaired release in Vercel: until then no new deployment reaches production",
                "rollback_frontend",
            ),
            FollowUp(
                "take the migration out of the branch: the next alembic upgrade would apply it again",
                "downgrade",
            ),
            FollowUp("ask why a person was first: which alarm should have told"),
        ),
    ),
    "worker_stuck": Chapter(
        ("depth",),
        ("queue", "worker cpu"),
        (
            FollowUp(
                "sweep the tasks that matter: a worker that had to be killed may have taken one message "
                "per consumer with it, also with acks_late",
                "redeploy",
            ),
            FollowUp(
                "find out what the worker was stuck on: its last log lines before the silence"
            ),
        ),
    ),
}
ALWAYS = (
    "complete this draft, and add to the runbook what it did not know",
    "ask whether an alarm has to be added or adjusted",
)
UNKNOWN = Chapter((), (), ())
"""Of a scenario that is not in the table: its draft says less, and is written all the same."""
