"""The kinds of text that an environment file holds, each with what is expected of it in words."""

import re
from typing import Annotated

from pydantic import AfterValidator


def like(pattern: str, expected: str) -> AfterValidator:
    """Return the check that a text is like this; its message says so in words, not as a pattern."""
    whole = re.compile(pattern)

    def check(found: str) -> str:
        if whole.fullmatch(found) is None:
            raise ValueError(f"expected {expected}")
        return found

    return AfterValidator(check)


def optional(pattern: str, expected: str) -> AfterValidator:
    """Return the same check for a text that may also be empty."""
    return like(f"({pattern})?", f"{expected}, or nothing")


_PLAIN = "a name of 1 to 64 letters, digits, - and _, written out: no wildcard"
Name = Annotated[str, like(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}", _PLAIN)]
AlarmName = Annotated[
    str,
    like(
        r"[A-Za-z0-9][A-Za-z0-9 _./:()+=@#,-]{0,254}",
        "an alarm's name, written out: no wildcard",
    ),
]
Topic = Annotated[
    str,
    like(
        r"(arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:)?[A-Za-z0-9_-]{1,256}",
        "a topic's name or ARN, written out: no wildcard, no FIFO topic",
    ),
]
LogGroup = Annotated[str, like(r"[A-Za-z0-9_/.#-]{1,256}", "a log group's name, no wildcard")]
Repository = Annotated[
    str, like(r"[a-z0-9][a-z0-9._/-]{1,254}", "an ECR repository's name: lower case, no address")
]
Subscriber = Annotated[
    str,
    like(r"[^@\s*]+@[^@\s*]+\.[^@\s*]+|https://[^\s*]+", "an email address or an https:// address"),
]
Subnet = Annotated[str, like(r"subnet-[0-9a-f]{8,17}", "a subnet's id, subnet-...")]
SecurityGroup = Annotated[str, like(r"sg-[0-9a-f]{8,17}", "a security group's id, sg-...")]
Scenario = Annotated[
    str,
    like(
        "backend_5xx|db_connections|db_unavailable|redis_unavailable|ai_provider_outage|worker_stuck",
        "a scenario: backend_5xx, db_connections, db_unavailable, redis_unavailable, "
        "ai_provider_outage or worker_stuck",
    ),
]
Https = Annotated[
    str,
    like(
        r"(https://[A-Za-z0-9.-]+(:\d+)?|http://127\.0\.0\.1:\d+)/[^\s*]*",
        "an https:// address with a host and a path",
    ),
]
"""An https address; plain http is taken for this machine alone, where the rehearsal runs."""
_SECRET = (r"[A-Za-z0-9/_+=.@-]{1,512}", "the name of a secret, not its ARN")
Secret = Annotated[str, like(*_SECRET)]
OptionalSecret = Annotated[str, optional(*_SECRET)]
Parameter = Annotated[str, like(r"/[A-Za-z0-9/_.-]{1,1010}", "an SSM parameter's name, /...")]
