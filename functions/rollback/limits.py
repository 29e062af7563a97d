"""The numbers of all rollbacks; overridable per environment under ``limits.rollback``."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """How long, how many.

    Attributes:
        proven_minutes: that a version must have been what the service ran, to be chosen where none is
            named: a crash loop or a leak shows within the hour.
        crash_loop_crashes: of one deployment, that make a crash loop.
        crash_loop_minutes: within which they must fall.
        starting_minutes: that tasks may be missing after a rollout that is complete.
        moving_minutes: that Vercel may take to point the domains back; it is done within seconds.
        frontend_settle_minutes: that production must stay where it was sent before it counts.
    """

    proven_minutes: int = 60
    crash_loop_crashes: int = 3
    crash_loop_minutes: int = 15
    starting_minutes: int = 10
    moving_minutes: int = 10
    frontend_settle_minutes: int = 2
