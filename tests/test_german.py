"""What the API refuses is told in German to who asks for German, in English to everybody else."""

from __future__ import annotations

import ast
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from admin_api import problems
from admin_api.german import field_in_german, in_german, title_in_german
from tests.in_api import api_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from practice.database import SqlDatabase

TABLE = tomllib.loads(Path("admin_api/german.toml").read_text("utf-8"))
_A_FEW_WORDS = 20
SLUGS = {one.slug for one in problems.KINDS} | {slug for slug, _ in problems._OWN.values()}


def said_by_the_program() -> Iterator[str]:
    """Yield every sentence of the program as the table has it: {} for what is filled in."""
    for folder in ("practice", "admin_api", "booking_adapter", "praxis_caldav"):
        for file in Path(folder).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text("utf-8"))):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    yield node.value
                if isinstance(node, ast.JoinedStr):
                    parts = (getattr(one, "value", "") for one in node.values)
                    yield "".join(one if isinstance(one, str) else "{}" for one in parts)


def test_every_kind_of_problem_has_a_german_name_and_sentence() -> None:
    assert TABLE["kinds"].keys() == SLUGS
    for slug in SLUGS:
        assert title_in_german(slug)
        assert in_german("Something new.", slug, {"until": "2036-12-31", "count": 2})


def test_the_table_has_no_sentence_that_nobody_says() -> None:
    said = set(said_by_the_program())
    # Some are put together: the reasons of an undo, and what field_words.py makes of its words.
    stray = [
        one
        for one in TABLE["sentences"]
        if one not in said
        and not one.startswith("Act {}")
        and not any(word.startswith(one.removesuffix("{}")) for word in said)
        and not any(
            one.startswith(word) for word in said if len(word) > len("It was changed since")
        )
    ]
    assert stray == []


@pytest.mark.parametrize(
    ("english", "german"),
    [
        ("It must have at most 64 characters.", "Das darf höchstens 64 Zeichen haben."),
        ("It is missing.", "Das fehlt."),
        ("The e-mail address is not one like anna@example.org.", "Das ist keine E-Mail-Adresse"),
        ("Something nobody has thought of.", "Diese Angabe passt so nicht."),
    ],
)
def test_what_is_wrong_with_a_field_is_told_in_german(english: str, german: str) -> None:
    assert field_in_german(english).startswith(german)


def test_who_asks_for_german_is_told_in_german(practice: SqlDatabase) -> None:
    with api_of(practice) as doors:
        admin = doors.api("admin")
        told = {}
        for asked in ("de-DE,de;q=0.9,en;q=0.8", "en-GB,de;q=0.9", None):
            headers = {"Accept-Language": asked} if asked else {}
            wrong = admin.post("/api/settings/rooms", json={"slug": "A b"}, headers=headers)
            gone = admin.get("/api/booking/appointments/9", headers=headers)
            assert wrong.headers["content-language"] == gone.headers["content-language"]
            faults = [one["detail"] for one in wrong.json()["errors"]]
            told[asked] = (
                wrong.json()["detail"],
                *faults,
                gone.json()["title"],
                gone.json()["detail"],
            )
    german, english, usual = told.values()
    assert german == (
        "Bitte prüfen Sie diese Angaben.",
        "Nur kleine Buchstaben, Ziffern und Bindestriche, wie dr-mueller.",
        "Das fehlt.",
        "Nicht gefunden",
        "Diesen Termin gibt es nicht (mehr).",
    )
    assert english == usual
    assert english[-1] == "There is no such appointment."
