"""The sizes that Fargate allows, and the next one up."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runbook.fargate import SIZES, next_size


@pytest.mark.parametrize(
    ("cpu", "memory_mib", "expected"),
    [
        (256, 512, 1024),
        (256, 1024, 2048),
        (256, 2048, None),
        (512, 1024, 2048),
        (512, 2048, 3072),
        (512, 3072, None),
        (1024, 2048, 3072),
        (1024, 8192, None),
        (4096, 20480, 30720),
        (8192, 16384, 24576),
        (16384, 32768, 49152),
        (300, 512, None),
    ],
)
def test_the_next_size_is_half_as_much_again_at_the_least(
    cpu: int, memory_mib: int, expected: int | None
) -> None:
    assert next_size(cpu, memory_mib, 1.5) == expected


@given(st.sampled_from(sorted(SIZES)), st.integers(256, 130_000), st.floats(1.1, 4))
def test_a_size_is_one_that_fargate_has_and_no_smaller_one_would_do(
    cpu: int, memory_mib: int, factor: float
) -> None:
    size = next_size(cpu, memory_mib, factor)

    enough = [one for one in SIZES[cpu] if one >= memory_mib * factor]
    assert size == (min(enough) if enough else None)
