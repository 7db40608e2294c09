"""When the occurrences of a calendar object are: rules checked, series expanded under limits."""

from practice.recurrence.expansion import (
    EARLIEST,
    EARLIEST_SECOND,
    LATEST,
    LATEST_SECOND,
    Occurrence,
    every_occurrence,
    expand,
    instances,
    next_occurrence,
    seconds,
)
from practice.recurrence.rules import check_rule

__all__ = [
    "EARLIEST",
    "EARLIEST_SECOND",
    "LATEST",
    "LATEST_SECOND",
    "Occurrence",
    "check_rule",
    "every_occurrence",
    "expand",
    "instances",
    "next_occurrence",
    "seconds",
]
