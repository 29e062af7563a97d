"""The library that every Nightshift function uses: looking, deciding, gating, fixing, recording, telling.

Imports go one way: ``handler -> scenario -> runbook``. Importing anything here needs no network,
no credentials and no environment.
"""
