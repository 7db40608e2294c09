"""Clients that write at the same time, and remember what they were told.

Each has names of its own, so what it was told says what has to stand under them: with the
acknowledged text, not at all, or, where the connection broke before the answer, one of the two.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Event
from typing import TYPE_CHECKING

from practice.calendars import etag_of
from tests.building import an_event
from tests.dav import HOME
from tests.faults.speaking import Broken, NotSent, Reply, Speaker

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

__all__ = ["Stands", "State", "Writer", "at_work", "some_writers", "totals", "wait_for"]

CALENDARS = (f"{HOME}dr-mueller/", f"{HOME}dr-schmidt/")
#: Who writes: staff, the practice's software, the booking tool. One more round for more writers.
ACCOUNTS = ("empfang", "albis", "buchung", "empfang", "albis", "buchung", "admin", "empfang")
#: Seconds until a writer tries again whom nobody listens to.
PAUSE = 0.1
_FIRST = datetime(2026, 12, 1)  # noqa: DTZ001 - local time of the practice, as texts have it
_SLOT = timedelta(minutes=15)


@dataclass(frozen=True)
class Stands:
    """What stands under a name: the bytes, and the slot that they take."""

    uid: str
    text: str
    slot: int

    @property
    def etag(self) -> str:
        return etag_of(self.text)


#: What stands under some addresses; None is nothing.
State = dict[str, Stands | None]


@dataclass
class Writer:
    """One client; `doubts` are the two states between which a broken connection left it."""

    number: int
    writers: int
    speaker: Speaker
    account: str
    dice: random.Random
    most: int = 60  # names at once
    stands: dict[str, Stands] = field(default_factory=dict)
    doubts: list[tuple[State, State]] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    made: int = 0

    # --- One step -----------------------------------------------------------------------------

    def step(self) -> bool:
        """Send one request; False if the server was not there or asked to come back."""
        kinds = {self._create: 9, self._overwrite: 5, self._refused: 2}
        if self.account != "buchung":  # which must not
            kinds |= {self._delete: 3, self._move: 2}
        if len(self.stands) >= self.most:
            del kinds[self._create]
        act = self.dice.choices(list(kinds), list(kinds.values()))[0]
        return act() if self.stands else self._create()

    def _event(self, uid: str = "", slot: int | None = None) -> Stands:
        """Return an appointment; no two writers ever want the same slot."""
        self.made += 1
        slot = self.number + self.writers * self.made if slot is None else slot
        uid = uid or f"{self.number}-{self.made}"
        start = _FIRST + slot * _SLOT
        times = [f"{time:%Y%m%dT%H%M%S}" for time in (start, start + _SLOT)]
        more = (f"SUMMARY:Fassung {self.made}", "X-APPOINTMENT-TYPE:Kontrolle")
        fat = f"DESCRIPTION:{'ä' * self.dice.randrange(0, 3000)}"
        return Stands(uid, an_event(uid, times[0], times[1], *more, fat), slot)

    def _some(self) -> tuple[str, Stands]:
        return self.dice.choice(list(self.stands.items()))

    def _create(self) -> bool:
        new = self._event()
        path = f"{self.dice.choice(CALENDARS)}{new.uid}.ics"
        return self._put(path, None, new, If_None_Match="*")

    def _overwrite(self) -> bool:
        path, old = self._some()
        return self._put(path, old, self._event(old.uid), If_Match=old.etag)

    def _put(self, path: str, old: Stands | None, new: Stands, **conditions: str) -> bool:
        return self._send("PUT", path, {path: old}, {path: new}, new.text, conditions)

    def _delete(self) -> bool:
        path, old = self._some()
        return self._send("DELETE", path, {path: old}, {path: None}, "", {"If_Match": old.etag})

    def _move(self) -> bool:
        path, old = self._some()
        calendar, name = path.rsplit("/", 1)
        (other,) = (c for c in CALENDARS if c != calendar + "/")
        there = f"{other}{name}"
        before: State = {path: old, there: None}
        after: State = {path: None, there: old}
        return self._send("MOVE", path, before, after, "", {"Destination": there})

    def _refused(self) -> bool:
        """Write over another version or over what is there, into a taken slot, without a right."""
        path, old = self._some()
        new = self._event(old.uid)
        if self.account == "buchung" and self.dice.random() < 0.7:
            if self.dice.random() < 0.3:
                return self._expect(403, "DELETE", path)
            calendar, _, _ = path.rpartition("/")
            rival = self._event(slot=old.slot)
            return self._expect(409, "PUT", f"{calendar}/{rival.uid}.ics", rival.text)
        if self.dice.random() < 0.5:
            return self._expect(412, "PUT", path, new.text, If_Match=etag_of("another"))
        return self._expect(412, "PUT", path, new.text, If_None_Match="*")

    # --- What is answered ---------------------------------------------------------------------

    def _expect(
        self, status: int, method: str, path: str, text: str = "", **conditions: str
    ) -> bool:
        try:
            reply = self.speaker.ask(method, path, text, **conditions)
        except NotSent:
            return False
        except Broken:
            self.counts["unknown, to be refused"] += 1  # whatever happened, it changed nothing
            return False
        if reply.status == status:
            self.counts["refused"] += 1
            return True
        return self._unavailable(reply, f"a {method} to be refused with {status}")

    def _send(
        self,
        method: str,
        path: str,
        before: State,
        after: State,
        text: str,
        headers: Mapping[str, str],
    ) -> bool:
        try:
            reply = self.speaker.ask(method, path, text, **headers)
        except NotSent:
            self.counts["nobody there"] += 1
            return False
        except Broken:
            self.counts["unknown"] += 1
            self.doubts.append((before, after))
            for address in before:  # never written to again
                self.stands.pop(address, None)
            return False
        if reply.status not in {201, 204}:
            return self._unavailable(reply, method)
        self.counts["acknowledged"] += 1
        for address, state in after.items():
            self.stands.pop(address, None)
            if state is not None:
                self.stands[address] = state
                if reply.headers.get("etag") != state.etag:
                    self.wrong.append(f"{method} was answered with another ETag than its text's")
        return True

    def _unavailable(self, reply: Reply, what: str) -> bool:
        """Take note of a refusal that may pass: nothing has changed."""
        if reply.status == 503 and reply.headers.get("retry-after"):
            self.counts["503"] += 1
        elif reply.status == 507:
            self.counts["507"] += 1
        else:
            self.wrong.append(f"{what} was answered with {reply.status}: {reply.content[:300]!r}")
        return False


def some_writers(port: int, number: int, seed: int, most: int = 60) -> list[Writer]:
    """Return writers that take turns at the accounts."""
    made = []
    for n in range(number):
        account = ACCOUNTS[n % len(ACCOUNTS)]
        dice = random.Random(f"{seed} {n}")
        made.append(Writer(n, number, Speaker(port, account), account, dice, most))
    return made


@contextmanager
def at_work(writers: Sequence[Writer], pause: float = 0.0) -> Iterator[Event]:
    """Let writers write until the end of the block, or until the event is set.

    `pause` are the seconds that each rests at most between two requests.
    """
    stopped = Event()

    def work(writer: Writer) -> None:
        with closing(writer.speaker):
            while not stopped.is_set():
                done = writer.step()
                rest = pause * writer.dice.random() if done else PAUSE
                if rest:
                    stopped.wait(rest)

    with ThreadPoolExecutor(len(writers)) as threads:
        tasks = [threads.submit(work, writer) for writer in writers]
        try:
            yield stopped
        finally:
            stopped.set()
        for task in tasks:
            task.result()


def wait_for(writers: Sequence[Writer], acknowledged: int, seconds: float = 60.0) -> None:
    """Wait until this many more writes have been acknowledged."""
    wanted = totals(writers)["acknowledged"] + acknowledged
    deadline = time.monotonic() + seconds
    while totals(writers)["acknowledged"] < wanted:
        assert time.monotonic() < deadline, f"nothing is acknowledged any more: {totals(writers)}"
        time.sleep(0.01)


def totals(writers: Sequence[Writer]) -> Counter[str]:
    """Return what all of them counted."""
    return sum((writer.counts for writer in writers), Counter())
