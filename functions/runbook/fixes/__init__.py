"""Writes to the users' systems: one fix each, with what it needs, leaves behind and how it is undone."""
