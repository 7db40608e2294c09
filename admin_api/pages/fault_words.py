"""What went wrong, as somebody at the desk can use it: a name for it, found in what programs say.

The words themselves, and what to do, are texts of the page. Not here: what programs say.
"""

from __future__ import annotations

import re

__all__ = ["fault_of"]

#: By mail, the numbers of a refusal mean something else than by HTTP.
_BY_MAIL = (
    (r"status 5\d\d|SMTPRecipientsRefused", "mailbox"),
    (r"status 4\d\d", "mailbox_later"),
    (r"no address", "no_address"),
    (r"SMTPUTF8", "odd_address"),
    (r"Authentication|Sender|address is none", "mail_settings"),
)
_ANYWHERE = (
    (r"by hand|takes no|cannot be (?:cancelled|moved) there|has no word", "by_hand"),
    (r"status (?:401|403|407)|Kein Zugang", "no_entry"),
    (r"status (?:429|503)|asked to wait", "busy"),
    (r"status 5\d\d", "broken_there"),
    (r"status \d+", "refused"),
    (r"no patient number", "no_number"),
    (r"an address inside", "inside"),
    (r"settings have no such", "tool_gone"),
    (r"neither the practice nor", "patient_not_found"),
    (r"has no appointment of this", "no_appointments"),
    (r"longer than it may", "timeout"),
    (r"was ended before this", "interrupted"),
    (r"the file|no file|the folder|rested", "file"),
    (r"not what|a list|webhook about|cut off|too much|packed|an id that", "odd_answer"),
    (r"too slow|Timeout|Connect|Network|Disconnect|gaierror|OSError|TLS|SSL|Keine Antwort"
     r"|cannot be reached|does not answer", "unreachable"),
)  # fmt: skip
_MAILED = frozenset({"patient", "admin"})


def fault_of(sentence: str, to: str = "") -> str:
    """Return the name of a fault; "" if nobody knows this one. `to` is who was to get a letter."""
    known = (*_BY_MAIL, *_ANYWHERE) if to in _MAILED else _ANYWHERE
    for pattern, name in known:
        if re.search(pattern, sentence, re.IGNORECASE):
            return name
    return ""
