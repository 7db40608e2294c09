"""schemathesis's command, where another HTTP library has taken urllib3's place.

One of the calendar clients of the tests brings urllib3-future, which is imported as urllib3 and
has no list of its pools. schemathesis counts connections by that list, only to send a request once
more whose connection the server had closed; without the count it does so, too.
"""

from schemathesis import cli
from schemathesis.transport import requests

requests._count_opened_connections = lambda session: 0

if __name__ == "__main__":
    cli.schemathesis()
