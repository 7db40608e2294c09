"""schemathesis's command, where another HTTP library has taken urllib3's place.

One of the calendar clients of the tests brings urllib3-future, which is imported as urllib3 and
has no list of its pools. schemathesis counts connections by that list, only to send a request once
more whose connection the server had closed; without the count it does so, too.

And no Idempotency-Key is sent twice: another request under one is refused, whatever it says.
And nobody waits ten minutes for word of changes.
"""

import re
from typing import Any
from uuid import uuid4

import schemathesis
from schemathesis import cli
from schemathesis.transport import requests

_KEY = re.compile("[!-~]([ -~]{0,253}[!-~])?")

requests._count_opened_connections = lambda session: 0


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: Any) -> None:
    """Make a key that could be one, one of its own; have what flows for minutes flow briefly."""
    del context, kwargs
    if case.path == "/api/booking/events":
        told = str(dict(case.query or {}).get("seconds", "600"))
        if told.isdecimal() and 1 <= int(told) <= 600:
            case.query["seconds"] = 1
    for name, value in dict(case.headers or {}).items():
        if name.lower() == "idempotency-key" and _KEY.fullmatch(str(value)):
            case.headers[name] = uuid4().hex


if __name__ == "__main__":
    cli.schemathesis()
