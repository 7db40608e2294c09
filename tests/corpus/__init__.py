"""Awkward calendar objects, and when each of them is: our own, after what clients really write.

Each case tells by hand when its occurrences are, so that queries and expansion are compared with
something that no library has computed. Times are told on the clock of Berlin, or in UTC by a Z.
"""

from __future__ import annotations

from tests.corpus.building import FIRST, LAST, Case, Stay
from tests.corpus.series import SERIES
from tests.corpus.tasks import TASKS
from tests.corpus.texts import TEXTS
from tests.corpus.times import TIMES

__all__ = ["CORPUS", "FIRST", "LAST", "Case", "Stay"]

CORPUS: tuple[Case, ...] = (*TEXTS, *TIMES, *SERIES, *TASKS)
