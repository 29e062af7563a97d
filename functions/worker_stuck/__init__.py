"""Runbook scenario F: the Celery worker is stuck or not processing."""
