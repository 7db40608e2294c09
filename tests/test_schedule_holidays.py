"""The public holidays of the Bundesländer."""

from __future__ import annotations

from datetime import date

import pytest

from practice.errors import Invalid
from practice.schedule import BookingRules
from practice.schedule.holidays import LANDS, closed_days, holidays_between


def test_lower_saxony_has_ten_holidays_with_german_names() -> None:
    assert dict(closed_days("NI", 2026)) == {
        date(2026, 1, 1): "Neujahr",
        date(2026, 4, 3): "Karfreitag",
        date(2026, 4, 6): "Ostermontag",
        date(2026, 5, 1): "Erster Mai",
        date(2026, 5, 14): "Christi Himmelfahrt",
        date(2026, 5, 25): "Pfingstmontag",
        date(2026, 10, 3): "Tag der Deutschen Einheit",
        date(2026, 10, 31): "Reformationstag",
        date(2026, 12, 25): "Erster Weihnachtstag",
        date(2026, 12, 26): "Zweiter Weihnachtstag",
    }


def test_bavaria_keeps_other_days_than_lower_saxony() -> None:
    bavaria, saxony = closed_days("BY", 2027), closed_days("NI", 2027)
    assert {day: bavaria[day] for day in bavaria.keys() - saxony.keys()} == {
        date(2027, 1, 6): "Heilige Drei Könige",
        date(2027, 5, 27): "Fronleichnam",
        date(2027, 11, 1): "Allerheiligen",
    }
    assert saxony.keys() - bavaria.keys() == {date(2027, 10, 31)}


def test_without_a_land_there_are_the_nine_that_all_have_in_common() -> None:
    common = closed_days("", 2026)
    assert len(common) == 9
    for land in LANDS:
        assert common.keys() <= closed_days(land, 2026).keys()


def test_there_are_sixteen_lands_and_another_is_refused_with_their_list() -> None:
    assert len(LANDS) == 16
    for wrong in ("XX", "ni", "Bayern", "Augsburg", " "):
        with pytest.raises(Invalid, match=r"BB, BE, BW, BY, .*TH") as refused:
            closed_days(wrong, 2026)
        assert f"'{wrong}'" in str(refused.value)


def test_the_names_are_german_whatever_the_environment_speaks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LANGUAGE", "en_US")
    closed_days.cache_clear()
    assert closed_days("HH", 2026)[date(2026, 1, 1)] == "Neujahr"


def test_a_year_is_worked_out_once_and_cannot_be_changed() -> None:
    assert closed_days("SN", 2026) is closed_days("SN", 2026)
    with pytest.raises(TypeError):
        closed_days("SN", 2026)[date(2026, 2, 2)] = "Betriebsausflug"  # type: ignore[index]


def test_years_before_and_after_those_known_have_none() -> None:
    assert not closed_days("NI", 1950)
    assert closed_days("NI", 2100)
    assert not closed_days("NI", 2150)


def test_a_span_of_days_reaches_over_the_new_year_and_ends_before_its_end() -> None:
    found = holidays_between(BookingRules(land="NI"), date(2026, 12, 26), date(2027, 1, 1))
    assert list(found) == [date(2026, 12, 26)]
    found = holidays_between(BookingRules(land="NI"), date(2026, 12, 27), date(2027, 1, 2))
    assert dict(found) == {date(2027, 1, 1): "Neujahr"}


def test_a_practice_that_is_open_on_holidays_has_none() -> None:
    rules = BookingRules(land="NI", holidays_closed=False)
    assert not holidays_between(rules, date(2026, 1, 1), date(2027, 1, 1))
