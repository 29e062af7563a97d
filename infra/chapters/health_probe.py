"""The health probe: each minute, outside the VPC."""

import health_probe.needs
from infra.environment import Environment
from infra.spec import Spec


def spec(environment: Environment) -> Spec:
    """Return the probe's function."""
    return Spec(
        folder="health_probe",
        purpose="Each minute: what the public health endpoint says",
        settings={"environment": environment.name, "health_url": environment.health.url},
        needs=health_probe.needs.NEEDS,
        timeout_seconds=20,
        memory_mib=256,
        each_minute=True,
    )
