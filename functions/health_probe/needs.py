"""What the probe may do in AWS: nothing. Its metrics travel as log lines (EMF), its reading as its answer."""

from runbook.permissions import Need

NEEDS: tuple[Need, ...] = ()
