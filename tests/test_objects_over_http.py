"""Objects over HTTP, on both databases."""

from tests.building import an_event
from tests.servers import RunningServer


def test_what_a_client_puts_comes_back_byte_for_byte(server: RunningServer) -> None:
    with server.client() as client:
        text = an_event("bytes")
        made = client.put("/caldav/calendars/dr-mueller/bytes.ics", content=text)
        assert made.status_code == 201
        got = client.get("/caldav/calendars/dr-mueller/bytes.ics")
        assert got.content == text.encode()
        assert got.headers["etag"] == made.headers["etag"]
