"""Runbook scenario B: database connections run out."""
