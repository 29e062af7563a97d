"""Diagnose: by hand, the runbook's Quick Diagnostics."""

import diagnose.needs
from infra import settings
from infra.chapters import reporting
from infra.environment import Environment
from infra.spec import Spec


def spec(environment: Environment) -> Spec:
    """Return the function that answers a person."""
    return Spec(
        folder="diagnose",
        purpose="By hand: the runbook's Quick Diagnostics as one report",
        settings=settings.report(environment),
        needs=diagnose.needs.NEEDS,
        memory_mib=1024,
        **reporting.reads(environment),
    )
