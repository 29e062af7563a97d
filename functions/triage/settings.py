"""What the template tells triage."""

from dataclasses import dataclass, field

from runbook import sources


@dataclass(frozen=True, kw_only=True)
class Settings(sources.Settings):
    """What is looked at when an alarm rings that no scenario claims.

    Attributes:
        alarms: names of the alarms that opted in by being listed in the environment file.
    """

    alarms: list[str] = field(default_factory=list)
