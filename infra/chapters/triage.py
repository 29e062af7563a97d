"""Triage: alarms that opted in and that no scenario claims."""

import triage.needs
from infra import settings
from infra.chapters import reporting
from infra.environment import Environment
from infra.spec import Spec
from runbook.alarm_shapes import ALARM_TYPE
from triage.rang import prefix


def spec(environment: Environment) -> Spec:
    """Return the function, and the pattern of the alarms that wake it."""
    listed = environment.triage.alarms
    return Spec(
        folder="triage",
        purpose="An alarm that opted in and has no scenario: what can be seen, as one page",
        settings={**settings.report(environment), "alarms": listed},
        needs=triage.needs.NEEDS,
        memory_mib=1024,
        events={
            "alarm": {
                "source": ["aws.cloudwatch"],
                "detail-type": [ALARM_TYPE],
                "account": [environment.account],
                "region": [environment.region],
                "detail": {
                    "alarmName": [{"prefix": prefix(environment.name)}, *listed],
                    "state": {"value": ["ALARM"]},
                },
            }
        },
        **reporting.reads(environment),
    )
