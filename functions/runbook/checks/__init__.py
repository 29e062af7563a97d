"""Reads: one AWS service each. A check never writes."""
