"""Patients by command: what is shown, asked, done and refused."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from practice.use_cases import patient_records as records
from tests.bookings import command, everything, faults
from tests.building import reading, writing
from tests.sick import a_record
from tests.test_commands import refused
from tests.test_erasure import a_patient_of_long

if TYPE_CHECKING:
    from pathlib import Path

    from practice.database import SqlDatabase


def test_patients_are_listed_and_found(practice: SqlDatabase) -> None:
    with writing(practice) as uow:
        for name in ("Birkenau", "[bold]Ott", "Ährenthaler"):
            records.create(uow, a_record(name))
    first = command("patient", "list", "--limit", 2, database=practice)
    assert first.code == 0
    assert [name in first.out for name in ("Ährenthaler", "Birkenau", "[bold]Ott")] == [
        *(True, True, False)
    ]
    cursor = first.err.split("'")[1]
    second = command("patient", "list", "--after", cursor, database=practice)
    assert "[bold]Ott" in second.out
    assert "Birkenau" not in second.out
    found = command("patient", "list", "birkenaw", "1966", database=practice)
    assert "Birkenau" in found.out
    assert "Ott" not in found.out
    refused(command("patient", "list", "ott", "--linked", database=practice), "without other", 2)
    refused(command("patient", "list", "--after", "x", database=practice), "cursor")


def test_a_patient_is_shown_with_appointments(practice: SqlDatabase) -> None:
    with writing(practice) as uow:
        a_patient_of_long(uow)
    ran = command("patient", "show", "4711", "--past", database=practice)
    assert ran.code == 0
    for word in ("Ährenthaler", "1966-02-03", "2026-11-24 10:00-10:30", "2026-11-10", "B-2"):
        assert word in ran.out
    refused(command("patient", "show", "1", database=practice), "There is no such patient.")


def test_what_is_set_is_kept_and_holds(practice: SqlDatabase) -> None:
    with writing(practice) as uow:
        records.create(uow, a_record(number="4711"))
    arguments = ("--reminders", "--language", "en", "--treated", "2026-11-10")
    ran = command("patient", "set", "4711", *arguments, database=practice)
    assert "reminders agreed on" in ran.out
    assert ran.out.endswith("language en, kept until 2036-11-10.\n")
    for what in ("delete", "erase"):
        refused(command("patient", what, "4711", "--yes", database=practice), "2036-11-10")
    both = ("--not-held", "--treated", "2026-11-10")
    refused(command("patient", "set", "4711", *both, database=practice), "Say one of", 2)
    bad = command("patient", "set", "4711", "--held-until", "morgen", database=practice)
    refused(bad, "no date like 1966-02-03")
    assert command("patient", "set", "4711", "--not-held", database=practice).code == 0
    assert command("patient", "delete", "4711", "--yes", database=practice).code == 0


def test_two_are_merged_when_somebody_says_so(practice: SqlDatabase) -> None:
    with writing(practice) as uow:
        a_patient_of_long(uow)
        records.create(uow, a_record("Ehrental", number="5"))
    before = everything(practice)
    asked = command("patient", "merge", "4711", "5", database=practice, stdin="n\n")
    assert asked.code == 1
    assert "4711: Ährenthaler, Zoë 1966-02-03" in asked.err
    assert everything(practice) == before
    ran = command("patient", "merge", "4711", "5", "--yes", database=practice)
    assert ran.out == "4711 is 5 now, 2 appointments too.\n"
    again = command("patient", "merge", "4711", "5", "--yes", database=practice)
    refused(again, "merged with another patient before")


def test_a_patient_is_written_as_json_and_calendar(practice: SqlDatabase, tmp_path: Path) -> None:
    with writing(practice) as uow:
        a_patient_of_long(uow)
    path = tmp_path / "4711.json"
    ran = command("patient", "export", "4711", "--output", path, database=practice)
    assert ran.out == f"Patient 4711 written to {path}.\n"
    told = json.loads(path.read_text("utf-8"))
    assert told["patient"]["last_name"] == "Ährenthaler"
    assert told["appointments"][0]["start"] == "2026-11-10T09:00:00+00:00"
    file = command("patient", "export", "4711", "--ics", database=practice)
    assert file.out.count("BEGIN:VEVENT") == 2


def test_who_is_erased_stands_in_the_list_to_be_erased_again(
    practice: SqlDatabase, tmp_path: Path
) -> None:
    with writing(practice) as uow:
        a_patient_of_long(uow)
    before = everything(practice)
    asked = command("patient", "erase", "4711", database=practice, stdin="n\n")
    assert asked.code == 1
    refused(command("patient", "erase", "4711", "--yes", database=practice), "1 appointments to")
    assert everything(practice) == before
    refused(command("patient", "erase", "--yes", database=practice), "Say which", 2)
    ran = command("patient", "erase", "4711", "--also-future", "--yes", database=practice)
    assert ran.out.startswith("Patient 4711 erased: 2 appointments, 1 objects rewritten, 1 removed")
    listed = command("patient", "erasures", database=practice)
    assert listed.out.startswith("4711\t20")
    assert listed.out.endswith("Z\tcommand line\n")
    path = tmp_path / "numbers.txt"
    path.write_text(listed.out, "utf-8")
    none = command("patient", "erase", "--again", path, "--yes", database=practice)
    assert none.out == "Nobody of them is there.\n"
    with writing(practice) as uow:  # as an older backup would have it
        records.create(uow, a_record(number="4711"))
    again = command("patient", "erase", "--again", path, "--yes", database=practice)
    assert again.out.startswith("Patient 4711 erased: 0 appointments")
    with writing(practice) as uow:
        records.hold(uow, records.create(uow, a_record(number="4711")), "2099-01-01", "§ 630f BGB")
    held = command("patient", "erase", "--again", path, "--yes", database=practice)
    assert (held.code, held.out) == (1, "")
    assert held.err == "Patient 4711 has to be kept until 2099-01-01: not erased.\n"
    reason = ("--override", "Schon am 3. Mai")
    refused(command("patient", "erase", "4711", *reason, "--yes", database=practice), "--again", 2)
    again = command("patient", "erase", "--again", path, *reason, "--yes", database=practice)
    assert again.out.startswith("Patient 4711 erased: 0 appointments")
    with reading(practice) as uow:
        assert uow.patients.by_number("4711") is None
    assert faults(practice) == []
    assert command("verify", database=practice).code == 0
