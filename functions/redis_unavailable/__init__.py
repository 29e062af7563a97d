"""Runbook scenario D: Redis is unavailable, or was, and its AI quotas have to be rebuilt."""
