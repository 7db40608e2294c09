"""What names a row of a list wherever it comes again. Not here: what was decided of it."""

from __future__ import annotations

import hmac
import json
from typing import TYPE_CHECKING

from practice.imports import FIELDS

if TYPE_CHECKING:
    from practice.patients import PatientRecord

__all__ = ["decision_key"]


def decision_key(secret: bytes, record: PatientRecord) -> str:
    """Return what names a row wherever it comes again; nobody can try names on it."""
    told = [" ".join((getattr(record, name) or "").casefold().split()) for name in FIELDS]
    return hmac.new(secret, json.dumps(told).encode(), "sha256").hexdigest()
