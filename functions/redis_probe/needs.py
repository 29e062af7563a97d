"""What the probe may do in AWS: read its own login, where it has one, and nothing else.

Its metrics travel as log lines (EMF), its reading as its answer.
"""

from runbook.permissions import Need

NEEDS: tuple[Need, ...] = ()
LOGIN: tuple[Need, ...] = (Need("secretsmanager:GetSecretValue", "secret"),)
"""On top of that, where the environment file names a secret for Redis."""
