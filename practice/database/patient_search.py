"""Listing patients and looking for them, in tables: by their keys (`practice.lookup`)."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Text,
    and_,
    bindparam,
    delete,
    func,
    insert,
    literal,
    or_,
    select,
    union,
    union_all,
)

from practice.database.prepared import Prepared
from practice.database.tables import patient_keys, patients
from practice.lookup import ORDER, key_of, keys_of, last_in, mail_key, typo_ranges, word_of
from practice.patients import Patient, PatientRecord

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from practice.lookup import Near, Ways

__all__ = ["SqlPatientSearch", "kept_keys", "patient_of"]

_key = patient_keys.c.key
#: Stands in no key: it cannot be printed.
_APART = "\x1f"
#: What a word is worth that is one typo away.
_TYPO = 70
#: Patients who are looked at of one e-mail address; some lists have a placeholder.
_OF_ONE_ADDRESS = 100


def _given(dialect: str) -> Any:
    """Return the keys handed over in one text as rows: one statement, however many they are."""
    keys = bindparam("keys", type_=Text())
    if dialect == "sqlite":
        return func.json_each(keys).table_valued("value").c.value
    return func.unnest(func.string_to_array(keys, _APART)).column_valued("given")


_NAMES = ("key", "patient_id")
_ADDED = {
    dialect: Prepared(
        insert(patient_keys).from_select(
            _NAMES,
            select(_given(dialect), bindparam("patient", type_=patient_keys.c.patient_id.type)),
        )
    )
    for dialect in ("sqlite", "postgresql")
}
_OF_PATIENT = patient_keys.c.patient_id == bindparam("patient")
_DROPPED = {
    dialect: Prepared(delete(patient_keys).where(_OF_PATIENT, _key.in_(select(_given(dialect)))))
    for dialect in ("sqlite", "postgresql")
}
_CLEARED = Prepared(delete(patient_keys).where(_OF_PATIENT))


class SqlPatientSearch:
    """The part of the Patients port that lists and looks for patients, and keeps their keys."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def page(
        self,
        limit: int,
        after: tuple[str, int] | None = None,
        *,
        to_review: bool | None = None,
        linked: bool | None = None,
    ) -> list[Patient]:
        """See the port."""
        # They are read in the order of the index, which is that of the keys.
        query = (
            select(patients)
            .join(patient_keys, patient_keys.c.patient_id == patients.c.id)
            .where(_key >= ORDER, _key < last_in(ORDER))
            .order_by(_key, patient_keys.c.patient_id)
            .limit(limit)
        )
        if after is not None:
            key, patient_id = after
            behind = and_(_key == key, patient_keys.c.patient_id > patient_id)
            query = query.where(_key >= key, or_(_key > key, behind))
        if to_review is not None:
            query = query.where(patients.c.to_review == to_review)
        if linked is not None:
            here = patients.c.booking_system_id
            query = query.where(here.is_not(None) if linked else here.is_(None))
        return [patient_of(row) for row in self._connection.execute(query)]

    def with_email(self, email: str) -> list[Patient]:
        """See the port."""
        query = (
            select(patients)
            .join(patient_keys, patient_keys.c.patient_id == patients.c.id)
            .where(_key == mail_key(email))
            .order_by(patients.c.id)
            .limit(_OF_ONE_ADDRESS)
        )
        return [patient_of(row) for row in self._connection.execute(query)]

    def words_near(self, wanted: Sequence[Near]) -> set[str]:
        """See the port."""
        ranges = {(kind, start) for near in wanted for kind, start in typo_ranges(near)}
        if not ranges:
            return set()
        each = [select(_key).where(_begins(kind + start)) for kind, start in sorted(ranges)]
        return set(map(word_of, self._connection.execute(union(*each)).scalars()))

    def ranked(
        self, asked: Sequence[tuple[Ways, Collection[str]]], limit: int
    ) -> list[tuple[Patient, int]]:
        """See the port."""
        # Counted and not joined: databases misjudge how many a word means.
        each = union_all(*(_found(ways, typos) for ways, typos in asked)).subquery()
        total = func.sum(each.c.worth).label("total")
        best = (
            select(each.c.patient_id, total, func.min(each.c.key).label("first"))
            .group_by(each.c.patient_id)
            .having(func.count() == len(asked))
            .order_by(total.desc(), func.min(each.c.key), each.c.patient_id)
            .limit(limit)
            .subquery()
        )
        query = (
            select(patients, best.c.total)
            .join(best, best.c.patient_id == patients.c.id)
            .order_by(best.c.total.desc(), best.c.first, patients.c.id)
        )
        return [(patient_of(row), int(row.total)) for row in self._connection.execute(query)]

    def _keep_keys(self, patient: Patient, before: Patient | None, *, new: bool) -> None:
        """Keep the keys of a patient as it is; `before` is as which it was stored."""
        after, was = kept_keys(patient), kept_keys(before) if before else set()
        this = {"patient": patient.id}
        if before is None and not new:
            _CLEARED.later(self._connection, this)
        if gone := was - after:
            self._write(_DROPPED, gone, this)
        if came := after - was:
            self._write(_ADDED, came, this)

    def _write(
        self, prepared: dict[str, Prepared], keys: Collection[str], this: dict[str, int]
    ) -> None:
        dialect = self._connection.dialect.name
        told = json.dumps(sorted(keys)) if dialect == "sqlite" else _APART.join(sorted(keys))
        prepared[dialect].later(self._connection, {"keys": told, **this})


def kept_keys(patient: Patient) -> set[str]:
    """Return the keys of a patient; one that was found to be another is not looked for."""
    if patient.merged_into is not None:
        return set()
    record = replace(patient.record, number=patient.number)
    return set(keys_of(record))


def _begins(start: str) -> ColumnElement[bool]:
    return and_(_key >= start, _key < last_in(start))


def _found(ways: Ways, typos: Collection[str]) -> Select[Any]:
    """Return the query of whom one word may mean, with what it is worth, and by which key.

    One query for each range, all in one: with OR between them the index would not be used.
    """
    exact: dict[int, list[str]] = {_TYPO: sorted(map(key_of, typos))}
    for key, worth in ways.exact:
        exact.setdefault(worth, []).append(key)
    told: list[tuple[ColumnElement[bool], int]] = [
        (_key.in_(keys), worth) for worth, keys in exact.items() if keys
    ]
    told += [(_begins(start), worth) for start, worth in ways.begins]
    each = [
        select(patient_keys.c.patient_id, _key, literal(worth).label("worth")).where(condition)
        for condition, worth in told
    ]
    found = union_all(*each).subquery()
    return select(
        found.c.patient_id,
        func.max(found.c.worth).label("worth"),
        func.min(found.c.key).label("key"),
    ).group_by(found.c.patient_id)


def patient_of(row: Any) -> Patient:
    """Return a row of patients as a record."""
    record = PatientRecord(
        last_name=row.last_name,
        first_name=row.first_name,
        birth_date=row.birth_date,
        email=row.email,
        phone=row.phone,
        insurance=row.insurance,
        number=row.number,
        booking_system_id=row.booking_system_id,
        insurance_number=row.insurance_number,
    )
    return Patient(
        number=row.number,
        record=record,
        id=row.id,
        to_review=row.to_review,
        language=row.language,
        reminders=row.reminders,
        held_until=row.held_until,
        held_why=row.held_why,
        merged_into=row.merged_into,
    )
