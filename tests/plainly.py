"""Every quick way off: `PRAXIS_TEST_PLAINLY=1 make test` runs the tests without any of them.

What is quick must come to the same end as what is plain. Imported, it switches them off in this
process; run as a program, it is the program (`python -m tests.plainly serve`). What is remembered
of answers is switched off by its own setting.
"""

from __future__ import annotations

import os
import sys
from functools import partial
from typing import Any

from caldav_server import (
    batches,
    collections,
    directly,
    lanes,
    member_hrefs,
    radicale_methods,
)
from practice.database import known_calendars, prepared
from practice.recurrence import series
from practice.vevent import blocks, calendar_data, parsing, reading, stored, writing
from praxis_caldav import at_once, known
from praxis_caldav.main import main

__all__ = ["PLAINLY", "program"]

PLAINLY = bool(os.environ.get("PRAXIS_TEST_PLAINLY"))


def program() -> str:
    """Return the module that is the program: as it is, or with every quick way off."""
    return "tests.plainly" if PLAINLY else "praxis_caldav.main"


def _go_plainly() -> None:
    """Switch off what stands in docs/architecture.md under "What makes it fast"."""
    os.environ["PRAXIS_CALDAV_CALDAV__REMEMBERED_MEGABYTES"] = "0"
    prepared.DIRECT = False
    known_calendars.KNOWN = False
    batches.MOST = 1
    batches.AHEAD = sys.maxsize
    directly.DIRECTLY = False
    lanes.SHORT = 0.0
    at_once.AT_ONCE = False
    known.MOST = 0
    plain: tuple[Any, ...] = (parsing.parse, reading.read, calendar_data.tell, stored.read_stored)
    quick: tuple[Any, ...] = (
        writing.merge,
        blocks.blocks_of,
        blocks.zones_named,
        member_hrefs.MemberHrefs.__init__,
    )
    for functions, name in ((plain, "plain"), (quick, "quick")):
        for function in functions:
            assert name in function.__kwdefaults__, function
            function.__kwdefaults__[name] = False
    unwrapped: Any = radicale_methods
    unwrapped.Collections = partial(collections.Collections, prepared=False)
    steps: Any = series
    steps.steps = lambda *_: None


if PLAINLY:
    _go_plainly()
if __name__ == "__main__":
    main()
