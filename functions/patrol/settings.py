"""What the template tells patrol."""

from dataclasses import dataclass
from typing import Any

from runbook.settings import Common


@dataclass(frozen=True, kw_only=True)
class Settings(Common):
    """Which alarms belong to which scenario, what each looks after, where drafts go.

    Attributes:
        alarms: scenario by alarm name.
        targets: target by scenario.
        switch_parameter: the kill switch's name.
        bucket: for post-mortem drafts.
        bad: by scenario, which values of its first alarm's metric are bad: ``{"at_least": 100}`` or
            ``{"below": 1}``.
    """

    alarms: dict[str, str]
    targets: dict[str, str]
    switch_parameter: str
    bucket: str
    bad: dict[str, dict[str, Any]]
