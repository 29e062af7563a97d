"""Runbook scenario E: the AI provider is out."""
