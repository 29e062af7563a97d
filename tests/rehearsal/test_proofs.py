"""What the cases ask of the SaaS at their end: silent where all is right, else a sentence that says why."""

from typing import Any

import pytest

from rehearsal.cases import (
    SCENARIOS,
    ai_provider_outage,
    backend_5xx,
    db_connections,
    redis_unavailable,
    rollback,
    rollback_database,
)
from rehearsal.cases.case import Proof
from rehearsal.world import World

RIGHT: dict[str, Any] = {
    "desired": {"worker": 4, "backend": 3},
    "revisions": {"worker": "saas-worker:2", "backend": "saas-backend:1"},
    "memory_mib": {"worker": 2048, "backend": 1024},
    "recent_requests": 20.0,
    "recent_errors": 0.0,
    "provider": "openai",
    "connections": 94,
    "usage": {"ana": 40, "ben": 30, "caro": 20},
    "counters": {"caro": 20, "ana": 40, "ben": 30},
    "rows": 50,
    "production": "dpl_2",
    "schema": "a1f0",
    "plans": ("id", "name"),
}
SHOWN: dict[str, tuple[Proof, dict[str, dict[str, Any]]]] = {
    "backend_5xx._no_errors": (
        backend_5xx._no_errors,
        {
            "1 errors in 20 requests": {"recent_errors": 1.0},
            "0 errors in 19 requests": {"recent_requests": 19.0},
            "0 errors in 0 requests": {"recent_requests": 0.0},
        },
    ),
    "backend_5xx._runs": (
        backend_5xx._runs("1", 1024),
        {
            "ended as ('saas-backend:2', 1024)": {"revisions": {"backend": "saas-backend:2"}},
            "ended as ('saas-backend:1', 512)": {"memory_mib": {"backend": 512}},
            "ended as ('saas-backend:1', None)": {"memory_mib": {"backend": None}},
            "ended as ('saas-backend:11', 1024)": {"revisions": {"backend": "saas-backend:11"}},
        },
    ),
    "db_connections._counts": (
        db_connections._counts(worker=4, backend=3),
        {
            "counts ended as {'worker': 3, 'backend': 3}": {"desired": {"worker": 3, "backend": 3}},
            "counts ended as {'worker': 4, 'backend': 4}": {"desired": {"worker": 4, "backend": 4}},
            "counts ended as {'worker': 4}": {"desired": {"worker": 4}},
        },
    ),
    "db_connections._released": (
        db_connections._released,
        {"95 connections": {"connections": 95}, "None connections": {"connections": None}},
    ),
    "redis_unavailable._rebuilt": (
        redis_unavailable._rebuilt,
        {
            "Redis counts {'ana': 40, 'ben': 30, 'caro': 19}": {
                "counters": {"ana": 40, "ben": 30, "caro": 19}
            },
            "Redis counts {'ana': 40, 'ben': 30}": {"counters": {"ana": 40, "ben": 30}},
            "Redis counts {}": {"counters": {}},
            "'dan': 1}": {"counters": {**RIGHT["counters"], "dan": 1}},
            "only 49 rows of 3 users": {"rows": 49},
            "only 50 rows of 2 users": {
                "usage": {"ana": 40, "ben": 30}, "counters": {"ana": 40, "ben": 30}
            },
            "only 50 rows of 0 users": {"usage": {}, "counters": {}},
            "too few to prove anything": {
                "usage": {"ana": 0, "ben": 0, "caro": 0}, "counters": {"ana": 0, "ben": 0, "caro": 0}
            },
        },
    ),
    "ai_provider_outage._provider": (
        ai_provider_outage._provider("openai"),
        {"ended as anthropic": {"provider": "anthropic"}, "ended as ": {"provider": ""}},
    ),
    "rollback._no_errors": (
        rollback._no_errors,
        {
            "1 errors in 20 requests": {"recent_errors": 1.0},
            "0 errors in 19 requests": {"recent_requests": 19.0},
        },
    ),
    "rollback._runs": (
        rollback._runs("worker", "saas-worker:2"),
        {
            "the worker ended as saas-worker:3": {"revisions": {"worker": "saas-worker:3"}},
            "the worker ended as saas-worker:22": {"revisions": {"worker": "saas-worker:22"}},
        },
    ),
    "rollback._serves": (
        rollback._serves,
        {"production shows dpl_3": {"production": "dpl_3"}, "production shows ,": {"production": ""}},
    ),
    "rollback_database._back": (
        rollback_database._back,
        {
            "ended at b2e4": {"schema": "b2e4"},
            "ended at no revision": {"schema": ""},
            "ended at a1f0, b2e4": {"schema": "a1f0, b2e4"},
            "the columns id, name, seats": {"plans": ("id", "name", "seats")},
            "the columns id": {"plans": ("id",)},
            "the columns none": {"plans": ()},
        },
    ),
}  # fmt: skip
WRONG = {
    f"{name}: {sentence}": (proof, sentence, fields)
    for name, (proof, ways) in SHOWN.items()
    for sentence, fields in ways.items()
}


@pytest.mark.parametrize("name", SHOWN)
def test_where_all_is_as_it_must_be_a_proof_says_nothing(name: str) -> None:
    proof, _ = SHOWN[name]

    assert proof(World(**RIGHT)) == ""


@pytest.mark.parametrize(("proof", "sentence", "fields"), WRONG.values(), ids=WRONG.keys())
def test_where_something_is_not_as_it_must_be_a_proof_says_what(
    proof: Proof, sentence: str, fields: dict[str, Any]
) -> None:
    world = World(**{**RIGHT, **fields})

    assert sentence in proof(world)


def _name(proof: Any) -> str:
    """Return a proof's name, or the one of the function that made it."""
    return f"{proof.__module__.rsplit('.', 1)[-1]}.{proof.__qualname__.split('.', 1)[0]}"


def test_every_proof_of_a_case_is_shown_here() -> None:
    asked = {
        _name(proof)
        for cases in SCENARIOS.values()
        for case in cases
        for proof in case.expected.proofs
    }

    assert asked == SHOWN.keys()
