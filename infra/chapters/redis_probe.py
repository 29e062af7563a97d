"""The Redis probe: each minute, inside the VPC."""

import redis_probe.needs
from infra import settings
from infra.environment import Environment
from infra.spec import Spec


def spec(environment: Environment) -> Spec:
    """Return the probe's function."""
    return Spec(
        folder="redis_probe",
        purpose="Each minute: is Redis up, how long is the queue",
        settings=settings.redis_probe(environment),
        needs=redis_probe.needs.NEEDS,
        requires=("aws-lambda-powertools", "redis"),
        timeout_seconds=20,
        memory_mib=256,
        in_vpc=True,
        each_minute=True,
    )
