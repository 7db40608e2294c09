"""A folder of CSV exports: the newest one counts, whole and written to its end."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from booking_adapter.failures import Failed
from booking_adapter.protocol import Days, Hook, NotAuthentic, Power, State, Told, Unreadable
from booking_adapter.tools.csv_folder import CsvFolder, Watched
from practice.appointments import Slot, Status
from practice.patients import PatientRecord

BERLIN = ZoneInfo("Europe/Berlin")
WEEK = Days(date(2026, 11, 23), date(2026, 11, 29))
HEADER = "Buchungsnummer;Arzt;Datum;Beginn;Ende;Status;Nachname;Vorname\n"
#: Stands in bad rows for what a patient has told; no reason repeats it.
MARK = "Zwirnsmeier"


def a_row(number: str, day: str = "24.11.2026", begin: str = "10:00", end: str = "10:30") -> str:
    return f"{number};Dr. Müller;{day};{begin};{end};bestätigt;Öhrlein;Ruth\n"


def put(path: Path, text: str, *, age: float = 0.0, encoding: str = "utf-8") -> Path:
    """Write a file, as if it had been so many seconds ago."""
    path.write_bytes(text.encode(encoding))
    told = path.stat().st_mtime - age
    os.utime(path, (told, told))
    return path


def in_an_hour() -> datetime:
    return datetime.now(UTC) + timedelta(hours=1)


def watching(path: Path, clock: Callable[[], datetime] = in_an_hour, **changes: Any) -> CsvFolder:
    return CsvFolder(Watched(path, BERLIN, **changes), clock)


def ids(folder: CsvFolder, days: Days = WEEK) -> list[str]:
    return [
        told.booking.id if isinstance(told, Told) else told.id for told in folder.bookings(days)
    ]


def refusal(folder: CsvFolder) -> str:
    with pytest.raises(Failed) as failed:
        list(folder.bookings(WEEK))
    assert not failed.value.permanent
    return str(failed.value)


# --- What is told ---------------------------------------------------------------------------------


def test_a_file_is_told_with_when_it_was_changed(tmp_path: Path) -> None:
    path = put(tmp_path / "termine.csv", HEADER + a_row("B-1"), age=7200)
    os.utime(path, (1_795_000_000, 1_795_000_000.25))
    later = datetime(2026, 11, 20, tzinfo=UTC)
    [told] = watching(path, lambda: max(later, in_an_hour())).bookings(WEEK)
    assert isinstance(told, Told)
    assert told.changed == datetime.fromtimestamp(1_795_000_000.25, UTC)
    booking = told.booking
    assert (booking.id, booking.doctor, booking.last_name) == ("B-1", "dr-mueller", "Öhrlein")
    assert booking.status is Status.CONFIRMED
    assert booking.slot == Slot(
        datetime(2026, 11, 24, 10, 0, tzinfo=BERLIN), datetime(2026, 11, 24, 10, 30, tzinfo=BERLIN)
    )


def test_the_newest_file_of_a_folder_counts(tmp_path: Path) -> None:
    put(tmp_path / "z-alt.csv", HEADER + a_row("B-1"), age=300)
    put(tmp_path / "A-NEU.CSV", HEADER + a_row("B-2"), age=200)
    put(tmp_path / "notizen.txt", "nichts", age=100)
    put(tmp_path / ".termine.csv", "halb", age=90)
    put(tmp_path / "~$termine.csv", "offen", age=80)
    (tmp_path / "ordner.csv").mkdir()
    assert ids(watching(tmp_path)) == ["B-2"]
    assert ids(watching(tmp_path, pattern="Z-*.csv")) == ["B-1"]


def test_only_the_days_asked_for_are_told(tmp_path: Path) -> None:
    days = ("22.11.2026", "23.11.2026", "29.11.2026", "30.11.2026")
    rows = [a_row(f"B-{number}", day) for number, day in enumerate(days)]
    utc = "B-9;Dr. Müller;;2026-11-22T23:00Z;2026-11-22T23:30Z;bestätigt;Öhrlein;Ruth\n"
    path = put(tmp_path / "a.csv", HEADER + "".join(rows) + utc)
    assert ids(watching(path)) == ["B-1", "B-2", "B-9"]
    assert ids(watching(path), Days(date(2027, 1, 1), date(2027, 1, 2))) == []


def test_a_bad_row_is_told_by_its_number_and_why(tmp_path: Path) -> None:
    bad = a_row("B-2", begin=MARK) + a_row("", end=MARK) + a_row("B-1", begin="11:00")
    path = put(tmp_path / "a.csv", HEADER + a_row("B-1") + bad + a_row("B-3", end="12:00"))
    told = list(watching(path).bookings(WEEK))
    assert [type(one) for one in told] == [Told, Unreadable, Unreadable, Unreadable, Told]
    unreadable = [one for one in told if isinstance(one, Unreadable)]
    assert [one.id for one in unreadable] == ["B-2", "", "B-1"]
    assert all(one.reason and MARK not in one.reason for one in unreadable)


def test_a_number_that_cannot_be_printed_is_told_without(tmp_path: Path) -> None:
    path = put(tmp_path / "a.csv", HEADER + a_row("B-1") + a_row("B\x07-2") + a_row("x" * 300, "?"))
    assert ids(watching(path)) == ["B-1", "", ""]


def test_one_booking_is_found_wherever_it_is(tmp_path: Path) -> None:
    rows = a_row("B-1") + a_row("B-2", "24.12.2026") + a_row("B-3", "?") + a_row("B-1", "?")
    folder = watching(put(tmp_path / "a.csv", HEADER + rows))
    for number in ("B-1", "B-2"):
        told = folder.booking(number)
        assert isinstance(told, Told)
        assert told.booking.id == number
    assert isinstance(folder.booking("B-3"), Unreadable)
    assert folder.booking("B-4") is None


def test_no_booking_is_gone_while_a_row_may_be_it(tmp_path: Path) -> None:
    folder = watching(put(tmp_path / "a.csv", HEADER + a_row("") + a_row("B-1")))
    assert isinstance(folder.booking("B-1"), Told)
    assert isinstance(folder.booking("B-2"), Unreadable)


def test_a_note_that_breaks_its_row_is_not_logged_as_a_number(tmp_path: Path) -> None:
    """The lines of a note that is not closed look like rows, and begin with whatever it says."""
    note = f'B-2;Dr. Müller;24.11.2026;11:00;11:30;bestätigt;Öhrlein;"Ruth\n{MARK} ist krank;1\n'
    path = put(tmp_path / "a.csv", HEADER + a_row("B-1") + note + a_row("B-3"))
    told = list(watching(path).bookings(WEEK))
    bad = [one for one in told if isinstance(one, Unreadable)]
    assert f"{MARK} ist krank" in [one.id for one in bad]
    assert all(one.guessed and MARK not in one.reason for one in bad)
    assert [one.reason.partition(":")[0] for one in bad] == ["Line 3", "Line 4"]


def test_nothing_is_changed_in_the_folder(tmp_path: Path) -> None:
    paths = [put(tmp_path / f"{n}.csv", HEADER + a_row("B-1"), age=n) for n in range(3)]
    before = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in paths}
    assert ids(watching(tmp_path)) == ["B-1"]
    assert {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in paths} == before
    assert sorted(tmp_path.iterdir()) == sorted(paths)


# --- What is no list ------------------------------------------------------------------------------


def test_a_file_that_is_not_there_is_no_empty_list(tmp_path: Path) -> None:
    assert refusal(watching(tmp_path)) == "no file is there"
    assert "FileNotFoundError" in refusal(watching(tmp_path / "a.csv"))
    assert "FileNotFoundError" in refusal(watching(tmp_path / "fehlt" / "a.csv"))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n\n",
        HEADER.encode(),
        HEADER.encode() + b"\n;;;;;;;\n",
        b"Nachname;Vorname\n\xc3\x96hrlein;Ruth\n",
        b"PK\x03\x04\0\0\0\0",
        b"\xff\xfea\0b",
        HEADER.encode("utf-16") + a_row("B-1").encode("utf-16-le") + b"\0\xd8\0\xd8",
        (HEADER + a_row("B-1") + "B-2;Dr. Müller;24.11.20").encode(),
        (HEADER + a_row("B-1") + "B-2;Dr. Müller;24.11.20").encode("utf-16"),
    ],
)
def test_a_file_that_is_none_or_cut_off_is_no_short_list(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(content)
    assert "Öhrlein" not in refusal(watching(path))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-be"])
def test_a_file_may_end_without_a_line_end_or_with_a_bad_row(tmp_path: Path, encoding: str) -> None:
    mark = "\ufeff" if encoding == "utf-16-be" else ""
    whole = mark + HEADER + a_row("B-1") + a_row("B-2")
    assert ids(watching(put(tmp_path / "a.csv", whole.rstrip(), encoding=encoding))) == [
        "B-1",
        "B-2",
    ]
    bad = whole + a_row("B-3", "?")
    assert ids(watching(put(tmp_path / "b.csv", bad, encoding=encoding))) == ["B-1", "B-2", "B-3"]


def test_a_file_that_was_just_changed_has_to_wait(tmp_path: Path) -> None:
    path = put(tmp_path / "a.csv", HEADER + a_row("B-1"))
    touched = datetime.fromtimestamp(max(path.stat().st_mtime, path.stat().st_ctime), UTC)
    moments = [touched + timedelta(seconds=seconds) for seconds in (-5, 0, 59, 61, 62)]
    passing = watching(path, iter(moments).__next__)
    for _ in range(3):
        assert "not read before it has rested" in refusal(passing)
    assert ids(passing) == ["B-1"]
    assert ids(watching(path, lambda: touched + timedelta(seconds=2), quiet=1)) == ["B-1"]


def test_a_copy_with_an_old_time_has_to_wait_as_well(tmp_path: Path) -> None:
    path = put(tmp_path / "a.csv", HEADER + a_row("B-1"), age=86400)
    assert "not read before it has rested" in refusal(watching(path, lambda: datetime.now(UTC)))


def test_while_the_newest_file_is_written_no_older_one_counts(tmp_path: Path) -> None:
    put(tmp_path / "a.csv", HEADER + a_row("B-1"), age=600)
    put(tmp_path / "b.csv", HEADER, age=-3600)
    assert "not read before it has rested" in refusal(watching(tmp_path))


@pytest.mark.parametrize("how", ["grown", "cut", "replaced", "touched"])
def test_a_file_that_changes_while_it_is_read_is_not_believed(tmp_path: Path, how: str) -> None:
    """The clock is asked once it is known how the file was, and before it is read."""
    path = put(tmp_path / "a.csv", HEADER + a_row("B-1") + a_row("B-2"), age=600)
    other = put(tmp_path / "b.txt", HEADER + a_row("B-1"), age=600)

    def changing() -> datetime:
        if how == "grown":
            with path.open("a") as file:
                file.write(a_row("B-3"))
        elif how == "cut":
            os.truncate(path, len(HEADER.encode()) + len(a_row("B-1").encode()))
        elif how == "replaced":
            other.replace(path)
        else:
            os.utime(path)
        return in_an_hour()

    assert refusal(watching(path, changing)) == "the file was changed while it was read"


def test_a_file_that_vanishes_while_it_is_read_is_no_list(tmp_path: Path) -> None:
    path = put(tmp_path / "a.csv", HEADER + a_row("B-1"))

    def removing() -> datetime:
        path.unlink()
        return in_an_hour()

    assert "FileNotFoundError" in refusal(watching(path, removing))


def test_what_is_no_file_is_not_opened(tmp_path: Path) -> None:
    """A pipe would be waited for."""
    os.mkfifo(tmp_path / "a.csv")
    assert refusal(watching(tmp_path)) == "no file is there"
    assert refusal(watching(tmp_path / "a.csv")) == "what is there is no file"


def test_no_reason_names_the_folder(tmp_path: Path) -> None:
    path = tmp_path / f"{MARK}.csv"
    assert MARK not in refusal(watching(path))
    path.write_bytes(b"")
    assert MARK not in refusal(watching(path))


# --- What it cannot do ----------------------------------------------------------------------------


def test_a_file_can_be_told_nothing(tmp_path: Path) -> None:
    folder = watching(tmp_path)
    assert folder.powers == Power.LISTS | Power.FINDS
    slot = Slot(datetime(2026, 11, 24, tzinfo=UTC), datetime(2026, 11, 25, tzinfo=UTC))
    hook = Hook({}, b"{}", datetime(2026, 11, 24, tzinfo=UTC))
    refused: list[Callable[[], object]] = [
        lambda: folder.tell(State("B-1", slot, Status.CANCELLED, "dr-mueller")),
        lambda: folder.events(hook),
        lambda: folder.link(PatientRecord("Öhrlein")),
    ]
    for each in refused:
        with pytest.raises(Failed) as failed:
            each()
        assert failed.value.permanent
    with pytest.raises(NotAuthentic):
        folder.key(hook)
    assert list(folder.patients()) == []
