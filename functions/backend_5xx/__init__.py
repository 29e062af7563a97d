"""Runbook scenario A: the backend answers 5xx."""
