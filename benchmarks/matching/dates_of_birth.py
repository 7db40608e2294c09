"""Dates of birth taken apart and put together: what errors in them have in common."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from practice.patients import PatientRecord

__all__ = ["dated", "parts_of"]


def dated(told: PatientRecord, year: int, month: int, day: int) -> PatientRecord:
    try:
        return replace(told, birth_date=date(year, month, day).isoformat())
    except ValueError:
        return told


def parts_of(told: PatientRecord) -> tuple[int, int, int] | None:
    try:
        born = date.fromisoformat(told.birth_date)
    except ValueError:
        return None
    return born.year, born.month, born.day
