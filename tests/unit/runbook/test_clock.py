"""Times as text: in UTC, read back as written, in order when sorted as text."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runbook.clock import SystemClock, from_text, seconds, to_text, whole_minutes

MOMENTS = st.datetimes(
    min_value=datetime(1970, 1, 2),  # noqa: DTZ001  # hypothesis adds the zone
    max_value=datetime(9998, 12, 31),  # noqa: DTZ001  # hypothesis adds the zone
    timezones=st.integers(-14 * 60, 14 * 60).map(lambda some: timezone(timedelta(minutes=some))),
)
QUICK = settings(deadline=None, database=None, print_blob=True)


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (datetime(2026, 11, 23, 20, 14, 59, 123999, UTC), "2026-11-23T20:14:59.123Z"),
        (datetime(2026, 1, 2, 3, 4, 5, 6000, UTC), "2026-01-02T03:04:05.006Z"),
        (datetime(2026, 1, 2, 3, 4, 5, 0, UTC), "2026-01-02T03:04:05.000Z"),
        (
            datetime(2026, 1, 2, 1, 0, tzinfo=timezone(timedelta(hours=3))),
            "2026-01-01T22:00:00.000Z",
        ),
    ],
    ids=["cut to milliseconds", "padded", "whole second", "of another zone"],
)
def test_writes_utc_with_milliseconds(moment: datetime, text: str) -> None:
    assert text == to_text(moment)


@QUICK
@given(MOMENTS)
def test_reads_back_what_it_wrote(moment: datetime) -> None:
    text = to_text(moment)

    assert len(text) == 24
    assert timedelta(0) <= moment - from_text(text) < timedelta(milliseconds=1)
    assert text == to_text(from_text(text))


@QUICK
@given(MOMENTS, MOMENTS)
def test_text_sorts_like_time(one: datetime, other: datetime) -> None:
    earlier, later = sorted((one, other))

    assert to_text(earlier) <= to_text(later)


@pytest.mark.parametrize(
    "text", ["", "2026-11-23", "2026-11-23T20:14:59Z", "2026-11-23 20:14:59.123Z"]
)
def test_reads_nothing_else(text: str) -> None:
    with pytest.raises(ValueError, match="does not match format"):
        from_text(text)


def test_the_machines_clock_is_aware_and_in_utc() -> None:
    assert SystemClock().now().tzinfo is UTC


@pytest.mark.parametrize(
    ("span", "minutes"),
    [(seconds(0), 0), (seconds(59.9), 0), (seconds(60), 1), (seconds(3599), 59)],
)
def test_counts_whole_minutes(span: timedelta, minutes: int) -> None:
    assert minutes == whole_minutes(span)
