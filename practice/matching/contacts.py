"""Telephone numbers, e-mail addresses and insurance numbers in one form each.

Not here: whether they work, or whose they are.
"""

from __future__ import annotations

import re

from phonenumbers import NumberParseException, parse

from practice.matching.names import spelled

__all__ = ["is_insurance_number", "read_email", "read_insurance_number", "read_phone"]

_LONGEST = 120
_INSURED = re.compile(r"[A-Z][0-9]{9}", re.ASCII)
_SEEN = re.compile(r"[A-Z0-9]{8,11}", re.ASCII)
_SAME_HOUSE = {"googlemail.com": "gmail.com", "t-online.com": "t-online.de"}
#: Fewer digits are an extension, or a part of a number.
_LEAST_DIGITS = 6


def read_phone(text: str) -> str:
    """Return a number with its country in digits, read as from Germany; "" where it is none."""
    if not text or len(text) > _LONGEST:
        return ""
    try:
        found = parse(text, "DE")
    except NumberParseException:
        return ""
    national = str(found.national_number or "")
    # 0000000 and the like are typed where a form insists.
    if len(national) < _LEAST_DIGITS or len(set(national)) < 3:
        return ""
    return f"{found.country_code}{national}"


def read_email(text: str) -> str:
    """Return an address in small letters, without dots and tags before the @; "" if none."""
    local, at, domain = text.strip()[:_LONGEST].rpartition("@")
    local = spelled(local.partition("+")[0]).replace(".", "")
    domain = domain.casefold().strip(". >")
    if not (at and local and "." in domain):
        return ""
    return f"{local}@{_SAME_HOUSE.get(domain, domain)}"


def read_insurance_number(text: str) -> str:
    """Return the part that stays with a person for life; also if misspelled; "" if none.

    Cards have more behind it: the insurer, and whose family it is.
    """
    packed = "".join(text[:_LONGEST].split()).upper()
    seen = packed[:10] if len(packed) > 11 else packed
    return seen if _SEEN.fullmatch(seen) and not seen.isalpha() else ""


def is_insurance_number(number: str) -> bool:
    """Say whether the check digit fits: the letter counts as two digits, A as 01."""
    if not _INSURED.fullmatch(number):
        return False
    digits = f"{ord(number[0]) - 64:02d}{number[1:9]}"
    total = 0
    for at, digit in enumerate(digits):
        product = int(digit) * (1 + at % 2)
        total += product // 10 + product % 10
    return total % 10 == int(number[9])
