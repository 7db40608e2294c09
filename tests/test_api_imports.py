"""Patient lists through the API: handed over, followed, looked through, decided, applied."""

from __future__ import annotations

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest

from booking_adapter.failures import Failed
from booking_adapter.protocol import Power
from practice.acts import ActQuestion, Kind
from practice.imports import LEASE
from practice.patients import Patient, PatientRecord
from practice.use_cases.import_starts import begin_import
from practice.use_cases.import_undoing import TakingBack
from practice.use_cases.import_work import STEP
from praxis_caldav.importing import AT_ONCE, WAITING, Importer
from tests.bookings import command
from tests.building import NOW, reading, writing
from tests.in_api import Clock, Doors, api_of
from tests.test_api_door import problem

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

    import httpx

    from practice.database import SqlDatabase

EVA = PatientRecord("Cronenbold", "Eva", "1988-08-08", "eva@example.org")
HEAD = "Nachname;Vorname;Geburtsdatum;E-Mail;Telefon\r\n"
LIST = (
    HEAD + "Ährenthaler;Ida;03.02.1966;ida@example.org;0171 1234567\r\n"
    "Cronenbold;Eva;;;0171 222333\r\n"
    "Cronenbold;Eva;08.08.1988;eva@example.org;030 555666\r\n"
    ";;;;030 111222\r\n"
    "Birkenfink;Uwe;05.05.1950;;\r\n"
)
FILE, CSV = "/api/patients/import", {"Content-Type": "text/csv"}


PICTURE = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"


class Tool:
    """A booking tool that tells its patients; `gate` holds it back."""

    powers = Power.PATIENTS

    def __init__(self, *records: PatientRecord, fails: bool = False) -> None:
        self.gate = threading.Event()
        self.gate.set()
        self._records = records
        self._fails = fails

    def patients(self) -> Iterator[PatientRecord]:
        assert self.gate.wait(20)
        yield from self._records
        if self._fails:
            raise Failed("status 503")


class Deaf(Tool):
    powers = Power.LISTS


@contextmanager
def served(database: SqlDatabase, clock: Clock | None = None, **tools: Any) -> Iterator[Doors]:
    clock = clock or Clock()
    lists = Importer(database, tools, ZoneInfo("Europe/Berlin"), clock)
    try:
        with api_of(database, clock=clock, lists=lists) as doors:
            yield doors
    finally:
        for tool in tools.values():
            tool.gate.set()
        lists.close()


@pytest.fixture
def doors(practice: SqlDatabase) -> Iterator[Doors]:
    with writing(practice) as uow:
        uow.patients.save(Patient("", EVA))
    with served(practice) as made:
        yield made


def handed(doors: Doors, text: str = LIST, **more: Any) -> int:
    """Hand over a list; return the id of the import once its plan is made."""
    answer = doors.api("admin").post(FILE, content=text.encode(), headers=CSV, **more)
    assert answer.status_code == 202, answer.text
    assert answer.json()["state"] == "reading"
    return int(followed(doors, answer.json()["id"])["id"])


def followed(doors: Doors, import_id: int) -> dict[str, Any]:
    """Follow an import until it is read; return what was told last."""
    answer = doors.api("admin").get(f"/api/imports/{import_id}/events")
    assert answer.headers["content-type"].startswith("text/event-stream")
    *_, last = answer.text.strip().split("\n\n")
    kind, told = last.split("\n")
    assert kind == "event: done"
    found: dict[str, Any] = json.loads(told.removeprefix("data: "))
    return found


def posted(doors: Doors, path: str, body: Any = None, status: int = 200) -> Any:
    answer = doors.api("admin").post(f"/api/imports/{path}", json=body)
    assert answer.status_code == status, answer.text
    return answer.json()


def got(doors: Doors, path: str) -> Any:
    answer = doors.api("admin").get(f"/api/imports/{path}".replace("/?", "?").rstrip("/"))
    assert answer.status_code == 200, answer.text
    return answer.json()


def decided(doors: Doors, path: str, body: Any, **more: Any) -> httpx.Response:
    answer: httpx.Response = doors.api("admin").put(f"/api/imports/{path}", json=body, **more)
    return answer


def test_a_list_is_planned_looked_through_decided_applied_and_taken_back(doors: Doors) -> None:
    one = handed(doors)
    shown = got(doors, str(one))
    assert (shown["state"], shown["waiting"], shown["rows_applied"]) == ("planned", 1, 0)
    assert shown["read"]["columns"]["last_name"] == "Nachname"
    assert shown["counts"] == {"new": 2, "ask": 1, "update": 1, "unreadable": 1}
    [row] = got(doors, f"{one}/rows?verdict=ask")["rows"]
    [candidate] = row["candidates"]
    assert candidate["patient"]["last_name"] == "Cronenbold"
    assert {"code": "only_ask:only_the_name"}.items() <= candidate["reasons"][0].items()
    assert all(reason["text"].endswith(".") for reason in candidate["reasons"])
    assert {d["field"]: d["fills"] for d in candidate["differences"]} == {"phone": True}
    assert 0 < candidate["probability"] < 1
    told = decided(doors, f"{one}/rows/{row['line']}", {"decision": "skip"})
    assert told.status_code == 200, told.text
    done = posted(doors, f"{one}/apply", {"policy": "fill"})
    assert (done["made"], done["changed"], done["waiting"]) == (2, 1, 0)
    assert posted(doors, f"{one}/apply", {})["made"] == 0
    again = handed(doors)
    assert got(doors, str(again))["counts"] == {"same": 3, "ask": 1, "unreadable": 1}
    back = posted(doors, f"{one}/undo")
    assert (back["removed"], back["restored"], back["kept"]) == (2, 1, [])
    assert posted(doors, f"{one}/undo", status=409)["status"] == 409


def test_rows_and_imports_come_in_pages(doors: Doors) -> None:
    people = "".join(f"Linden{c};Thea;0{n}.03.1970;;\n" for n, c in enumerate("abcdefg", start=1))
    one, two = handed(doors, HEAD + people), handed(doors)
    lines, after = [], 0
    while after is not None:
        page = got(doors, f"{one}/rows?limit=3&after={after}")
        lines += [row["line"] for row in page["rows"]]
        after = page["next"]
    assert lines == [2, 3, 4, 5, 6, 7, 8]
    first = got(doors, "?limit=1")
    assert ([i["id"] for i in first["imports"]], first["next"]) == ([two], two)
    second = got(doors, f"?limit=1&after={two}")
    assert ([i["id"] for i in second["imports"]], second["next"]) == ([one], None)


def test_several_rows_are_decided_at_once_and_only_as_they_were_seen(doors: Doors) -> None:
    one = handed(doors)
    row = doors.api("admin").get(f"/api/imports/{one}/rows/3")
    told = posted(doors, f"{one}/decisions", {"lines": [3], "decision": "link"})
    assert told["rows"][0]["decided_by"] == "admin"
    stale = decided(
        doors, f"{one}/rows/3", {"decision": "skip"}, headers={"If-Match": row.headers["etag"]}
    )
    problem(stale, 412)
    assert posted(doors, f"{one}/apply", {})["changed"] == 1


def test_a_file_that_is_no_list_fails_with_a_sentence(doors: Doors) -> None:
    for text, words in (("Farbe;Form\nrot;rund\n", "header"), ("", "empty")):
        one = handed(doors, text)
        shown = got(doors, str(one))
        assert shown["state"] == "failed"
        assert words in shown["error"]
        assert posted(doors, f"{one}/apply", {}, 409)["detail"].endswith(".")


def test_what_is_no_text_is_refused_at_once(doors: Doors) -> None:
    admin = doors.api("admin")
    for content in (PICTURE, b"PK\x03\x04\x14\x00", b"Nachname\x01\x02"):
        told = problem(admin.post(FILE, content=content, headers=CSV), 422)
        assert "CSV" in told["detail"]
    assert admin.get("/api/imports").json()["imports"] == []
    for text in (LIST.encode("utf-16"), LIST.encode("cp1252"), LIST.encode("utf-8-sig")):
        answer = admin.post(FILE, content=text, headers=CSV)
        assert followed(doors, answer.json()["id"])["state"] == "planned"


def test_rows_with_something_unreadable_are_told_among_the_counts(doors: Doors) -> None:
    one = handed(doors, HEAD + "Linde;Ida;31.02.1966;;\nBuche;Uwe;;niemand;\nAhorn;Eva;;;\n")
    shown = got(doors, str(one))
    assert (shown["counts"], shown["doubtful"]) == ({"new": 3}, 2)
    # All of it usual, nothing need be sent.
    answer = doors.api("admin").post(f"/api/imports/{one}/apply")
    assert (answer.status_code, answer.json()["made"]) == (200, 3)


def test_a_person_may_say_which_column_is_which(doors: Doors) -> None:
    text = "Wer;Wann\nNeuling Max;09.09.1999\n"
    columns = "name=Wer;birth_date=Wann"
    one = handed(doors, text, params={"columns": columns})
    assert got(doors, f"{one}/rows")["rows"][0]["record"]["birth_date"] == "1999-09-09"
    wrong = doors.api("admin").post(FILE, content=b"a", headers=CSV, params={"columns": "name"})
    problem(wrong, 422)


def test_what_cannot_be_done_is_refused_with_a_sentence(doors: Doors) -> None:
    one = handed(doors)
    problem(decided(doors, f"{one}/rows/99999999999", {"decision": "skip"}), 404)
    problem(decided(doors, f"{one}/rows/2", {"decision": "link"}), 409)
    problem(decided(doors, f"{one}/rows/2", {"decision": "link", "patient_id": 10**17}), 409)
    problem(decided(doors, f"{one}/rows/5", {"decision": "new"}), 409)
    problem(doors.api("admin").get("/api/imports/999"), 404)
    problem(doors.api("admin").get("/api/imports/999/events"), 404)
    problem(doors.api("admin").get("/api/imports/999/rows"), 404)
    png = {"Content-Type": "image/png"}
    problem(doors.api("admin").post(FILE, content=b"x", headers=png), 415)
    assert doors.api("admin").delete(f"/api/imports/{one}").status_code == 204
    problem(doors.api("admin").get(f"/api/imports/{one}"), 404)


@pytest.mark.parametrize("account", ["empfang", "mueller", "albis", "buchung", "gast"])
def test_whoever_may_not_import_is_told_nothing(doors: Doors, account: str) -> None:
    one = handed(doors)
    client = doors.api(account)
    problem(client.post(FILE, content=LIST.encode(), headers=CSV), 403)
    for path in ("", f"/{one}", f"/{one}/rows", f"/{one}/events"):
        problem(client.get(f"/api/imports{path}"), 403)


def test_staff_may_import_once_an_administrator_lets_them(
    practice: SqlDatabase, doors: Doors
) -> None:
    admin, reception = doors.api("admin"), doors.api("empfang")
    told = {"role": "staff", "doctor": None, "display_name": "Empfang", "email": ""}
    for may, status in ((True, 200), (None, 200), (False, 403)):
        answer = admin.put("/api/accounts/empfang", json=told | {"may_import": may})
        assert answer.json()["may_import"] is (may is not False)
        assert reception.get("/api/imports").status_code == status
    admin.put("/api/accounts/empfang", json=told | {"may_import": True})
    one = reception.post(FILE, content=LIST.encode(), headers=CSV).json()["id"]
    followed(doors, one)
    assert reception.post(f"/api/imports/{one}/apply", json={}).json()["made"] == 2
    # It is of staff alone, and taken back like any change of an account.
    assert not admin.put(
        "/api/accounts/mueller",
        json=told | {"role": "doctor", "doctor": "dr-mueller", "may_import": True},
    ).json()["may_import"]
    with reading(practice) as uow:
        asked = ActQuestion(kind=Kind.ACCOUNT, action="changed")
        *_, act, _ = uow.acts.search(asked)
    assert admin.post(f"/api/audit/acts/{act.number}/undo", json={}).status_code == 200
    assert reception.get("/api/imports").status_code == 403


# --- booking tools ------------------------------------------------------------------------------


def asked(doors: Doors, name: str) -> httpx.Response:
    answer: httpx.Response = doors.api("admin").post(f"{FILE}/source", json={"source": name})
    return answer


def test_a_booking_tool_is_asked_for_its_patients(practice: SqlDatabase) -> None:
    linked = PatientRecord("Neuling", "Max", "1999-09-09", booking_system_id="t-1")
    with served(
        practice, buch=Tool(linked), stumm=Deaf(), kaputt=Tool(linked, fails=True)
    ) as doors:
        one = followed(doors, asked(doors, "buch").json()["id"])
        assert (one["state"], one["source"], one["counts"]) == ("planned", "buch", {"new": 1})
        failed = followed(doors, asked(doors, "kaputt").json()["id"])
        assert (failed["state"], failed["total"]) == ("failed", 0)
        assert "status 503" in failed["error"]
        problem(asked(doors, "stumm"), 422)
        problem(asked(doors, "niemand"), 404)


def test_lists_are_read_in_turn_and_progress_is_told(practice: SqlDatabase) -> None:
    slow = Tool()
    with served(practice, langsam=slow) as doors:
        slow.gate.clear()
        first, *_, last = (asked(doors, "langsam").json()["id"] for _ in range(AT_ONCE + WAITING))
        busy = asked(doors, "langsam")
        assert problem(busy, 429)["type"].endswith("too-many-lists")
        assert busy.headers["retry-after"]
        assert got(doors, str(last))["state"] == "reading"
        assert got(doors, str(first))["state"] == "reading"
        assert posted(doors, f"{first}/apply", {}, 409)["detail"] == (
            "The list is still being read."
        )
        problem(doors.api("admin").delete(f"/api/imports/{first}"), 409)
        timer = threading.Timer(1.0, slow.gate.set)
        timer.start()
        stream = doors.api("admin").get(f"/api/imports/{last}/events").text
        timer.join()
        assert stream.startswith("event: progress\n")
        assert '"state":"planned"' in stream.rpartition("event: done")[2]
        assert "+01:00" in stream.rpartition("event: done")[2]


def test_a_list_whose_server_died_is_shown_as_failed(practice: SqlDatabase) -> None:
    clock = Clock()
    with writing(practice) as uow:
        one = begin_import(uow, "liste.csv", "file").id
    with served(practice, clock) as doors:
        assert got(doors, str(one))["state"] == "reading"
        clock.now = NOW + timedelta(minutes=6)
        assert got(doors, str(one))["state"] == "failed"
        assert got(doors, "")["imports"][0]["state"] == "failed"
        assert followed(doors, one)["error"].endswith(".")
        assert doors.api("admin").delete(f"/api/imports/{one}").status_code == 204


def test_an_import_whose_request_came_to_nothing_is_not_read(practice: SqlDatabase) -> None:
    lists = Importer(practice, {}, ZoneInfo("Europe/Berlin"), Clock())
    with writing(practice) as uow:
        lists.begin_file(uow, "liste.csv", LIST.encode(), {})
        uow.doom()
    lists.close()
    with reading(practice) as uow:
        assert uow.imports.page(10) == []


def test_what_is_being_read_when_the_program_ends_is_told_as_failed(practice: SqlDatabase) -> None:
    lists = Importer(practice, {}, ZoneInfo("Europe/Berlin"), Clock())
    with writing(practice) as uow:
        one = lists.begin_file(uow, "liste.csv", LIST.encode(), {}).id
        closing = threading.Thread(target=lists.close)
        closing.start()
        until = time.monotonic() + 10
        while not lists._closing.is_set():
            assert time.monotonic() < until
    closing.join()
    seen = lists.seen(one)
    assert seen is not None
    assert (seen.state, seen.error) == (
        "failed",
        "Reading the list was stopped. Import it again.",
    )


# --- the command --------------------------------------------------------------------------------


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "patienten.csv"
    path.write_text(LIST, "utf-8")
    return path


def patients(database: SqlDatabase) -> int:
    with reading(database) as uow:
        return sum(1 for _ in uow.patients_in_bulk.all())


def test_a_list_is_planned_shown_and_applied_by_command(practice: SqlDatabase, file: Path) -> None:
    with writing(practice) as uow:
        uow.patients.save(Patient("", EVA))
    dry = command("patient", "import", file, "--dry-run", database=practice)
    assert dry.code == 0, dry
    assert "new patients" in dry.out
    with reading(practice) as uow:
        assert uow.imports.page(10) == []
    ran = command("patient", "import", file, database=practice)
    assert (ran.code, patients(practice)) == (0, 1), ran
    assert "Cronenbold, Eva" in ran.out
    assert "only_ask:only_the_name" in ran.out
    assert "line 5 could not be read: no_name" in ran.err
    assert "--planned 1" in ran.out
    ran = command("patient", "import", "--planned", 1, database=practice)
    assert ran.out == "Import 1: 2 patients made, 1 changed, 1 rows wait for a decision.\n"
    ran = command("patient", "import", file, "--apply", database=practice)
    assert "Import 2: 0 patients made, 0 changed, 1 rows wait" in ran.out
    ran = command("patient", "import", "--undo", 1, database=practice)
    assert ran.out == "Import 1: 2 patients removed, 1 restored.\n"
    assert patients(practice) == 1


def test_a_command_that_cannot_import_says_why(practice: SqlDatabase, tmp_path: Path) -> None:
    odd = tmp_path / "bild.csv"
    odd.write_bytes(b"\x89PNG")
    for arguments, code, sentence in (
        ([odd], 1, "not a text file"),
        (["--source", "niemand"], 1, "no booking tool 'niemand'"),
        (["--planned", 99], 1, "no such import"),
        (["--undo", 99], 1, "no such import"),
        ([], 2, "Give one of"),
        ([odd, "--planned", 1], 2, "Give one of"),
        ([odd, "--dry-run", "--apply"], 2, "--dry-run"),
    ):
        ran = command("patient", "import", *arguments, database=practice)
        assert ran.code == code, (arguments, ran)
        assert sentence in ran.err
        assert "Traceback" not in ran.err


def test_a_list_is_read_as_somebody_says_it_is_written(doors: Doors) -> None:
    content = "Nachname|Vorname;genannt\r\nÄhre|Ida;Idchen\r\n".encode("cp850")
    told = {"encoding": "cp850", "separator": "pipe"}
    answer = doors.api("admin").post(FILE, content=content, headers=CSV, params=told)
    assert answer.status_code == 202, answer.text
    shown = followed(doors, answer.json()["id"])
    assert (shown["read"]["encoding"], shown["read"]["separator"]) == ("cp850", "|")
    assert shown["read"]["columns"] == {"last_name": "Nachname"}
    [row] = got(doors, f"{shown['id']}/rows")["rows"]
    assert row["record"]["last_name"] == "Ähre"


#: More rows than are applied in one step.
LONG = HEAD + "".join(
    f"Linden{chr(97 + n % 26)}{chr(97 + n // 26 % 26)}{chr(97 + n // 676)};Thea;;;\r\n"
    for n in range(STEP + 20)
)


class Held(Clock):
    """A clock that, once `armed`, keeps waiting whoever asks it for the second time from then on:
    of an application, that is between its first step and its second.
    """

    def __init__(self) -> None:
        super().__init__()
        self.armed = False
        self.waits, self.go_on = threading.Event(), threading.Event()
        self._asked = 0

    def __call__(self) -> datetime:
        self._asked += self.armed
        if self.armed and self._asked == 2:
            self.waits.set()
            assert self.go_on.wait(20)
        return self.now


def test_others_write_between_the_steps_of_an_application_and_nobody_else_works_on_the_list(
    practice: SqlDatabase,
) -> None:
    clock = Held()
    lists = Importer(practice, {}, ZoneInfo("Europe/Berlin"), clock)
    with closing(lists), api_of(practice, lists=lists) as doors, ThreadPoolExecutor(1) as threads:
        one = handed(doors, LONG)
        clock.armed = True
        path, key = f"/api/imports/{one}/apply", {"Idempotency-Key": "einmal"}
        applying = threads.submit(doors.api("admin").post, path, json={}, headers=key)
        assert clock.waits.wait(20)
        shown = got(doors, str(one))
        assert (shown["state"], shown["done"], shown["total"]) == ("applying", STEP, STEP + 20)
        with writing(practice) as uow:
            uow.patients.save(Patient("", EVA))
        refused = [
            posted(doors, f"{one}/apply", {"policy": "fill"}, 409),
            posted(doors, f"{one}/undo", None, 409),
            decided(doors, f"{one}/rows/2", {"decision": "skip"}).json(),
            doors.api("admin").delete(f"/api/imports/{one}").json(),
        ]
        assert {told["detail"] for told in refused} == {"The list is being applied just now."}
        later = threading.Timer(0.3, clock.go_on.set)
        later.start()
        flow = doors.api("admin").get(f"/api/imports/{one}/events").text
        on_the_way, _, over = flow.rpartition("event: done")
        assert '"state":"applying"' in on_the_way
        assert '"state":"applied"' in over
        done = applying.result(20).json()
        assert (done["made"], done["of"]["state"]) == (STEP + 20, "applied")
        again = doors.api("admin").post(path, json={}, headers=key)
        assert again.json() == done, "asked again, it is answered again"
        assert posted(doors, f"{one}/undo")["removed"] == STEP + 20


def test_an_application_that_is_stopped_is_told_and_gone_on_with(practice: SqlDatabase) -> None:
    clock, zone = Clock(), ZoneInfo("Europe/Berlin")
    ends = Importer(practice, {}, zone, clock)
    with served(practice, clock) as doors, api_of(practice, clock=clock, lists=ends) as ended:
        one = handed(doors, LONG)
        ends.close()
        told = posted(ended, f"{one}/apply", {"policy": "fill"}, 503)
        assert "being stopped" in told["detail"]
        shown = got(doors, str(one))
        assert (shown["state"], shown["rows_applied"]) == ("applied", STEP)
        assert shown["error"].startswith("This was stopped before all rows were done.")
        assert posted(doors, f"{one}/apply", {"policy": "fill"})["made"] == 20
        shown = got(doors, str(one))
        assert (shown["made"], shown["error"]) == (STEP + 20, "")
        # Of one whose server died, the same is told once its lease is over.
        with writing(practice) as uow:
            assert TakingBack(one).step(uow) is None
        assert got(doors, str(one))["state"] == "undoing"
        clock.now += LEASE + timedelta(seconds=1)
        shown = got(doors, str(one))
        assert (shown["state"], shown["rows_applied"]) == ("applied", 20)
        assert shown["error"].startswith("The server stopped")
        assert posted(doors, f"{one}/undo")["removed"] == 20


def test_errors_and_doubts_are_told_in_both_languages(practice: SqlDatabase) -> None:
    tools: dict[str, Any] = {"calcom": Tool(), "deaf": Deaf()}
    lists = Importer(practice, tools, ZoneInfo("Europe/Berlin"))
    assert list(lists.sources()) == ["calcom"]
    german, english = lists.sentences("de"), lists.sentences("en")
    assert german.keys() == english.keys() >= {"empty", "too_long", "server_stopped"}
    assert not set(german.values()) & set(english.values())
    lists.close()
