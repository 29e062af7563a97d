"""The local stage: the deployed product, an embedded AWS, a small real SaaS, and things that break.

Nothing in here is part of what runs in Lambda. ``python -m rehearsal`` is the command line.
"""
