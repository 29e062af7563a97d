"""Runbook scenario C: RDS fails over or is unavailable."""
