"""The Redis probe: each minute, inside the VPC."""

import redis_probe.needs
from infra import settings
from infra.environment import Environment
from infra.spec import Spec


def spec(environment: Environment) -> Spec:
    """Return the probe's function; it may read a secret only where there is one."""
    secret, arn = environment.redis.secret, environment.arn
    # Secrets Manager puts a dash and six characters behind a secret's name.
    secrets = {"secret": [arn("secretsmanager", f"secret:{secret}-??????")]} if secret else {}
    return Spec(
        folder="redis_probe",
        purpose="Each minute: is Redis up, how long is the queue",
        settings=settings.redis_probe(environment),
        needs=(*redis_probe.needs.NEEDS, *(redis_probe.needs.LOGIN if secret else ())),
        requires=("aws-lambda-powertools", "redis"),
        timeout_seconds=30,
        memory_mib=256,
        in_vpc=True,
        each_minute=True,
        more=secrets,
    )
