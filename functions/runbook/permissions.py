"""What a check or a fix needs from IAM, declared beside the code that needs it.

The stack turns each need into one statement by exact ARN; a test walks the code's AWS calls and
the synthesized policies both ways, so a declaration can be neither too small nor too large.
"""

from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Need:
    """One IAM action on one kind of resource.

    Attributes:
        action: the IAM action, for example ``ecs:UpdateService``.
        on: the kind of resource; ``infra/policies.py`` lists the kinds and their ARNs.
    """

    action: str
    on: str
