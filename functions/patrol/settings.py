"""What the template tells patrol."""

from dataclasses import dataclass

from runbook.settings import Common


@dataclass(frozen=True, kw_only=True)
class Settings(Common):
    """Which alarms belong to which scenario, and what each scenario looks after.

    Attributes:
        alarms: scenario by alarm name.
        targets: target by scenario.
    """

    alarms: dict[str, str]
    targets: dict[str, str]
