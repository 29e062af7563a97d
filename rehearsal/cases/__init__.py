"""What is broken, and what must come of it: one small table a scenario."""
