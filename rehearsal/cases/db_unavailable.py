"""Runbook scenario C: the database goes away, and what of that a person must hear of."""

from datetime import timedelta

from rehearsal.cases.case import Case, Expected
from rehearsal.cases.watching import paged, resolved
from rehearsal.saas.saas import BACKEND, DATABASE
from rehearsal.stage import Stage

PARTS = frozenset({BACKEND, DATABASE})
ALARM = "db_unavailable/health-db"
FAILOVER_SECONDS = 100
"""Virtual: RDS takes 60 to 120."""
LATE_SECOND = 40
"""Of a minute: an outage of 100 s that begins here spoils three minutes, and scenario A's alarm rings too."""


def _live(stage: Stage, seconds: float) -> None:
    until = stage.clock.now() + timedelta(seconds=seconds)
    stage.until(lambda: stage.clock.now() >= until, seconds / 60 + 1)


def failover(stage: Stage) -> bool:
    """The primary is lost and the standby takes over: waited for, nothing is touched."""
    stage.until(lambda: stage.clock.now().second >= LATE_SECOND, 1)
    stage.broke()
    stage.troubles.fail_over()
    _live(stage, FAILOVER_SECONDS)
    stage.troubles.failed_over()
    return stage.until(lambda: resolved(stage, "db_unavailable"), 60)


def storage_full(stage: Stage) -> bool:
    """Storage is used up: RDS stops the instance, and a person is paged at once."""
    stage.troubles.lose_database("storage-full")
    stage.saas.managed.database_event(
        "RDS-EVENT-0221", "failure", "DB instance has reached the storage-full threshold."
    )
    return stage.until(lambda: paged(stage, "db_unavailable", "storage-full"), 20)


def not_reconnecting(stage: Stage) -> bool:
    """The database is up, and the application may not log in: paged with the redeploy as proposal."""
    stage.troubles.lock_out()
    return stage.until(lambda: paged(stage, "db_unavailable", "--force-new-deployment"), 40)


def unlisted_state(stage: Stage) -> bool:
    """RDS has a status that nobody has heard of: nothing is guessed, a person is paged."""
    stage.troubles.lose_database("restoring-flux")
    return stage.until(lambda: paged(stage, "db_unavailable", "restoring-flux"), 20)


CASES = (
    Case(
        "failover", "Postgres is killed and comes back", failover,
        Expected(
            changes=(), records=("is on its way back", "is ok for 5 min"),
            others=("backend_5xx",), tasks=BACKEND, untouched=True,
        ),
        parts=PARTS, alarm=ALARM, says_when=True,
    ),
    Case(
        "storage_full", "Postgres is killed; RDS says storage-full", storage_full,
        Expected(
            changes=(), others=("backend_5xx",), tasks=BACKEND, untouched=True,
            pages=(("storage-full", "modify-db-instance"),), records=("a person was paged about it",),
        ),
        parts=PARTS, alarm=ALARM, staged=True,
    ),
    Case(
        "not_reconnecting", "the application may not log in", not_reconnecting,
        Expected(
            changes=(), others=("backend_5xx",), tasks=BACKEND, untouched=True,
            pages=(("it does not reconnect", "not permitted to log in", "--force-new-deployment"),),
            records=("the application itself says that its database fails",),
        ),
        parts=PARTS, alarm=ALARM,
    ),
    Case(
        "unlisted_state", "Postgres is killed; RDS says restoring-flux", unlisted_state,
        Expected(
            changes=(), others=("backend_5xx",), tasks=BACKEND, untouched=True,
            pages=(("restoring-flux", "in no list of ours"),), records=("a person was paged about it",),
        ),
        parts=PARTS, alarm=ALARM, staged=True,
    ),
)  # fmt: skip
