"""Afterwards: what was acknowledged is there, what was refused is not, and all of it agrees."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from practice.database import SqlDatabase
from practice.database.tables import appointments, metadata, objects
from practice.log import FIRST_SEAL, sealed
from tests.building import reading
from tests.dav import listing
from tests.faults.speaking import Speaker
from tests.faults.writers import CALENDARS, State, Writer, totals

if TYPE_CHECKING:
    from tests.faults.arena import Arena
    from tests.faults.replicas import Replica

__all__ = ["Aftermath", "aftermath", "check_database", "verified"]


@dataclass(frozen=True)
class Aftermath:
    """What was counted; whatever should not be there has failed before."""

    counts: Mapping[str, int]
    objects: int
    changes: int
    done: int  # of the unknown

    def __str__(self) -> str:
        told = ", ".join(f"{number} {what}" for what, number in sorted(self.counts.items()))
        return (
            f"{told} ({self.done} of the unknown were done); {self.objects} objects,"
            f" {self.changes} changes; 0 lost, 0 stale, 0 resurrected"
        )


def aftermath(
    arena: Arena, writers: Sequence[Writer], replicas: Sequence[Replica] = ()
) -> Aftermath:
    """Hold the server to everything its writers and replicas were told."""
    _settle(arena)
    for writer in writers:
        assert writer.wrong == []
    with arena.server.client() as client:
        found = listing(client, CALENDARS[0]) | listing(client, CALENDARS[1])
    done = _check_listing(found, writers)
    _check_texts(arena, found, writers)
    for replica in replicas:
        replica.check()
    changes = check_database(arena.url)
    verified(arena.url)
    return Aftermath(totals(writers), len(found), changes, done)


def _settle(arena: Arena) -> None:
    """Write once: a transaction that a killed process has left behind is over when ours is."""
    speaker = Speaker(arena.port, "admin")
    body = "<propertyupdate xmlns='DAV:'><set><prop><displayname>A</displayname></prop></set>"
    reply = speaker.ask("PROPPATCH", CALENDARS[0], body + "</propertyupdate>")
    speaker.close()
    assert reply.status == 207


def _check_listing(found: Mapping[str, str], writers: Sequence[Writer]) -> int:
    """Hold names and ETags to what was told; return how many of the unknown were done."""
    wanted = {p: stands.etag for writer in writers for p, stands in writer.stands.items()}
    done = 0
    for before, after in (doubt for writer in writers for doubt in writer.doubts):
        there = {path: found.get(path) for path in before}
        matching = [state for state in (before, after) if _etags(state) == there]
        assert len(matching) == 1, f"neither before nor after: {there}"
        done += matching[0] is after
        wanted |= {path: etag for path, etag in there.items() if etag is not None}
    lost = wanted.keys() - found.keys()
    resurrected = found.keys() - wanted.keys()
    stale = {path for path in wanted.keys() & found.keys() if wanted[path] != found[path]}
    assert (len(lost), len(stale), len(resurrected)) == (0, 0, 0), (
        f"lost {sorted(lost)[:5]}, stale {sorted(stale)[:5]}, resurrected {sorted(resurrected)[:5]}"
    )
    return done


def _etags(state: State) -> dict[str, str | None]:
    return {path: stands.etag if stands else None for path, stands in state.items()}


def _check_texts(arena: Arena, found: Mapping[str, str], writers: Sequence[Writer]) -> None:
    """GET everything: the bytes are those of the one who wrote them."""

    def check(writer: Writer) -> None:
        speaker = Speaker(arena.port, "empfang")
        doubted = [state for doubt in writer.doubts for state in doubt]
        possible = [*writer.stands.items(), *(item for state in doubted for item in state.items())]
        for path, stands in possible:
            if stands is not None and found.get(path) == stands.etag:
                reply = speaker.ask("GET", path)
                assert (reply.status, reply.content) == (200, stands.text.encode())
                assert reply.headers["etag"] == stands.etag
        speaker.close()

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(check, writers))


def check_database(url: str) -> int:
    """Look at the tables themselves; return the number of changes."""
    with closing(SqlDatabase(url)) as database, reading(database) as uow:
        number, seal = 0, FIRST_SEAL
        while page := uow.calendars.log(number, 1000):
            for change in page:
                number, seal = number + 1, sealed(seal, change)
                assert (change.number, change.seal) == (number, seal)
        state = uow.log_state()
        assert (state.number, state.seal, state.forgotten) == (number, seal, 0)
        stand = objects.join(
            metadata.tables["calendars"], objects.c.calendar_id == metadata.tables["calendars"].c.id
        )
        kept = {
            (row.uid, row.calendar_id)
            for row in uow.connection.execute(
                select(objects.c.uid, objects.c.calendar_id)
                .select_from(stand)
                .where(metadata.tables["calendars"].c.doctor_id.is_not(None))
            )
        }
        booked = {
            (row.uid, row.calendar_id)
            for row in uow.connection.execute(
                select(appointments.c.uid, appointments.c.calendar_id).where(
                    appointments.c.status != "CANCELLED"
                )
            )
        }
        assert booked == kept
    return number


def verified(url: str) -> None:
    """Run `praxis-caldav verify`, as a person would."""
    ran = subprocess.run(
        [sys.executable, "-m", "praxis_caldav.main", "verify", "--database", url],
        capture_output=True,
        text=True,
        check=False,
        env={k: v for k, v in os.environ.items() if k != "LD_PRELOAD"},
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
