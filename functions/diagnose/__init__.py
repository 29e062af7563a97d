"""By hand: the runbook's Quick Diagnostics as one report. It changes nothing."""
