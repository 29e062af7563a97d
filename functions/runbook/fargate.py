"""Which memory sizes Fargate allows for which CPU. Pure; from AWS's table of task sizes."""

from collections.abc import Mapping

SIZES: Mapping[int, tuple[int, ...]] = {
    256: (512, 1024, 2048),
    512: tuple(range(1024, 4096 + 1, 1024)),
    1024: tuple(range(2048, 8192 + 1, 1024)),
    2048: tuple(range(4096, 16384 + 1, 1024)),
    4096: tuple(range(8192, 30720 + 1, 1024)),
    8192: tuple(range(16384, 61440 + 1, 4096)),
    16384: tuple(range(32768, 122880 + 1, 8192)),
}
"""MiB by CPU units of the whole task."""


def next_size(cpu: int, memory_mib: int, factor: float) -> int | None:
    """Return the smallest size for this CPU that is at least ``factor`` times the present one.

    Returns:
        MiB, or None where Fargate has no such size for this CPU, or no such CPU.
    """
    return next((size for size in SIZES.get(cpu, ()) if size >= memory_mib * factor), None)
