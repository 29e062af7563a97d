"""The stack: one construct a capability; everything in it follows from one environment file."""
