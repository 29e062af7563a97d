"""Every answer of the world that nobody wants: what comes of it, and the tests that show it.

A row is the input, the decision with its reason (or the page), and the tests, by file and name. Events that
nobody sent for have files of their own, in ``bad_input/``.
"""

import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
AI_PROVIDER_OUTAGE = "flow/ai_provider_outage/test_fixes.py"
BACKEND_5XX = "flow/backend_5xx/test_refuses.py"
DB_CONNECTIONS = "flow/db_connections/test_fixes.py"
DB_UNAVAILABLE = "flow/db_unavailable/test_looks.py"
ERROR_LINES = "unit/runbook/checks/test_error_lines.py"
GATE = "unit/runbook/test_gate.py"
GATE_READS = "unit/runbook/test_gate_reads.py"
HTTP = "unit/runbook/checks/test_http.py"
MEMORY = "unit/runbook/fixes/test_memory.py"
PROBE = "unit/health_probe/test_probe.py"
RECONCILE = "unit/runbook/fixes/test_reconcile.py"
REDIS_UNAVAILABLE = "flow/redis_unavailable/test_fixes.py"
TASK_DEFINITIONS = "unit/runbook/checks/test_task_definitions.py"

TABLE: tuple[tuple[str, str, tuple[tuple[str, str], ...]], ...] = (
    (
        "a task definition with several containers",
        "escalate: which of them needs memory is not known",
        (
            (MEMORY, "test_raises_to_the_next_size_that_is_allowed"),
            (BACKEND_5XX, "test_a_task_with_a_second_container_is_a_persons"),
        ),
    ),
    (
        "a task definition with container limits of its own",
        "raise memory: the container's limit grows by as much as the task's",
        ((MEMORY, "test_registers_the_same_with_more_memory_and_nothing_else_changed"),),
    ),
    (
        "a task definition at the cap",
        "escalate: the next size is above the cap",
        (
            (MEMORY, "test_raises_to_the_next_size_that_is_allowed"),
            (MEMORY, "test_refuses_above_the_cap_whatever_was_decided"),
        ),
    ),
    (
        "a service under CODE_DEPLOY, EXTERNAL or blue/green",
        "escalate: it is deployed by something else, not ours",
        (
            (MEMORY, "test_refuses_a_target_that_is_not_what_was_decided_on"),
            (BACKEND_5XX, "test_a_service_that_something_else_deploys_is_not_touched"),
            (DB_CONNECTIONS, "test_a_service_that_something_else_sets_is_not_touched"),
        ),
    ),
    (
        "a status page: HTML, 500, nothing, 10 MB, no answer",
        "unknown: wait blind, three looks in a row escalate; nothing is switched",
        (
            (HTTP, "test_a_status_page_is_read_or_unknown"),
            (HTTP, "test_json_that_is_nested_too_deep_is_none"),
            (
                AI_PROVIDER_OUTAGE,
                "test_a_status_page_that_says_nothing_switches_nothing_and_is_paged",
            ),
        ),
    ),
    (
        "a health endpoint that lies: 200 with a failed part, or well while the probe saw it fail",
        "the part counts, not the status; the incident ends only on 5 min of the probe's readings",
        (
            (HTTP, "test_the_health_endpoint_says_which_part_fails"),
            (PROBE, "test_what_the_endpoint_does_not_say_is_no_datapoint"),
            (
                DB_UNAVAILABLE,
                "test_a_health_endpoint_that_lies_does_not_end_what_the_probe_has_seen",
            ),
        ),
    ),
    (
        "a health endpoint that redirects",
        "never followed; it says nothing of its parts: wait blind, then escalate",
        (
            (HTTP, "test_does_not_follow_a_redirect"),
            (
                DB_UNAVAILABLE,
                "test_a_health_endpoint_that_says_nothing_is_paged_as_blind_and_ends_nothing",
            ),
        ),
    ),
    (
        "a health endpoint that hangs, or answers byte by byte",
        "given up after 5 s: unknown, wait blind, then escalate",
        (
            (HTTP, "test_a_server_that_hangs_is_given_up"),
            (HTTP, "test_a_server_that_sends_byte_by_byte_is_given_up"),
            (PROBE, "test_an_endpoint_that_does_not_answer_in_time_is_not_well_and_says_why"),
            (
                DB_UNAVAILABLE,
                "test_a_health_endpoint_that_says_nothing_is_paged_as_blind_and_ends_nothing",
            ),
        ),
    ),
    (
        "logs with 100,000 lines",
        "at most 3 pages of each window are read, and the page says so",
        (
            (ERROR_LINES, "test_of_100000_lines_3000_are_read_from_both_windows_and_it_says_so"),
            (BACKEND_5XX, "test_5xx_that_nothing_explains_are_paged_with_the_top_error_lines"),
        ),
    ),
    (
        "no log group",
        "unknown, named in the page; nothing is changed for it",
        (
            (ERROR_LINES, "test_a_log_group_that_does_not_exist_is_unknown"),
            (BACKEND_5XX, "test_a_log_group_that_does_not_exist_is_named_in_the_page"),
        ),
    ),
    (
        "the admin endpoint: 401, 404",
        "escalate at once, 401 naming the secret; the call is not repeated",
        (
            (RECONCILE, "test_says_why_it_was_refused"),
            (REDIS_UNAVAILABLE, "test_an_endpoint_that_refuses_is_called_once_and_paged"),
        ),
    ),
    (
        "the admin endpoint: 500, slow",
        "a lost answer: sent again, which is harmless, three times in all; then escalate",
        (
            (RECONCILE, "test_no_answer_is_a_lost_one"),
            (
                REDIS_UNAVAILABLE,
                "test_an_endpoint_that_fails_is_called_three_times_and_given_to_a_person",
            ),
        ),
    ),
    (
        "a missing secret",
        "escalate naming it; nothing is sent",
        (
            (RECONCILE, "test_names_a_secret_that_is_missing"),
            (REDIS_UNAVAILABLE, "test_a_secret_that_is_missing_is_named_and_nothing_is_sent"),
        ),
    ),
    (
        "a missing parameter: the provider's, the kill switch's",
        "the provider's: wait blind, then escalate; the switch's: counts as off, escalate",
        (
            (AI_PROVIDER_OUTAGE, "test_a_parameter_that_is_missing_is_paged_as_blind"),
            (GATE_READS, "test_a_missing_parameter_is_unreadable"),
        ),
    ),
    (
        "a task definition that was deregistered",
        "escalate: there is nothing to go back to",
        (
            (TASK_DEFINITIONS, "test_reads_what_is_not_usual"),
            (BACKEND_5XX, "test_a_version_that_is_not_to_be_had_any_more_is_a_persons"),
        ),
    ),
    (
        "a mutable image tag that moved",
        "escalate: new tasks would run another image",
        (
            (MEMORY, "test_refuses_a_target_that_is_not_what_was_decided_on"),
            (BACKEND_5XX, "test_a_version_that_is_not_to_be_had_any_more_is_a_persons"),
        ),
    ),
    (
        "two scenarios wanting the same service",
        "the second waits while the first one's change is not settled, at most 15 min; then escalate",
        (
            (BACKEND_5XX, "test_an_unsettled_change_of_another_scenario_is_waited_for"),
            (GATE, "test_waits_where_another_open_incident_explains_the_trouble"),
        ),
    ),
)


@pytest.mark.parametrize(
    ("decides", "tests"),
    [pytest.param(decides, tests, id=answer) for answer, decides, tests in TABLE],
)
def test_each_row_names_tests_that_there_are(
    decides: str, tests: tuple[tuple[str, str], ...]
) -> None:
    assert decides
    assert tests
    for file, name in tests:
        text = (TESTS / file).read_text()
        assert re.search(rf"^def {name}\(", text, re.MULTILINE), f"{file} has no {name}"
