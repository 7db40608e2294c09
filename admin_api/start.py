"""The page at the root: what this is, and which address a calendar program needs."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

if TYPE_CHECKING:
    from starlette.requests import Request

__all__ = ["start_page"]

_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
_PAGE = """<!doctype html>
<html lang="de">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Praxiskalender</title>
<style>
body {{ font: 1.05rem/1.55 system-ui, sans-serif; color: #1c2733; background: #f4f6f8; margin: 0 }}
main {{ max-width: 38rem; margin: 12vh auto 2rem; padding: 2rem; background: #fff;
  border-radius: .75rem; box-shadow: 0 1px 4px #0002 }}
h1 {{ font-size: 1.5rem; margin: 0 0 .5rem }}
code {{ display: block; padding: .75rem 1rem; background: #eef2f6; border-radius: .5rem;
  overflow-wrap: anywhere }}
p[lang=en] {{ color: #566573; font-size: .95rem }}
</style>
</head>
<body>
<main>
<h1>{name}: Kalenderserver</h1>
<p>Der Server läuft. Tragen Sie in Thunderbird, Apple Kalender oder Ihrer Praxissoftware diese
Adresse ein, dazu Ihren Benutzernamen und Ihr Passwort:</p>
<code>{address}</code>
<p lang="en">The server is running. Give this address to your calendar program, with your user
name and password.</p>
</main>
</body>
</html>
"""


def start_page(name: str, public_url: str) -> Route:
    """Return the route; `public_url` is how the server is called from outside, "" to ask."""

    async def answer(request: Request) -> Response:
        base = public_url or str(request.base_url).rstrip("/")
        page = _PAGE.format(name=escape(name), address=escape(f"{base}/caldav/"))
        return HTMLResponse(page, headers=_HEADERS)

    return Route("/", answer)
