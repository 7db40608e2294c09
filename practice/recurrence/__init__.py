"""When the occurrences of a calendar object are: rules checked, series expanded under limits."""

from practice.recurrence.expansion import (
    Occurrence,
    affecting,
    anchors,
    every_occurrence,
    expand,
    instances,
    next_occurrence,
)
from practice.recurrence.overlap import (
    EARLIEST,
    EARLIEST_SECOND,
    EVER,
    LATEST,
    LATEST_SECOND,
    ranges,
    seconds,
)
from practice.recurrence.rules import check_rule

__all__ = [
    "EARLIEST",
    "EARLIEST_SECOND",
    "EVER",
    "LATEST",
    "LATEST_SECOND",
    "Occurrence",
    "affecting",
    "anchors",
    "check_rule",
    "every_occurrence",
    "expand",
    "instances",
    "next_occurrence",
    "ranges",
    "seconds",
]
