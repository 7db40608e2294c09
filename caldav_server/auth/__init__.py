"""Radicale's auth plugin: who signed in was decided before Radicale was asked.

Radicale's own way sleeps in the worker after a wrong password and cannot say 429; here the
application asks the practice (`practice.use_cases.sign_in`) first and Radicale only hears names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from radicale import auth

from caldav_server.scope import current

if TYPE_CHECKING:
    from radicale import types

__all__ = ["Auth"]


class Auth(auth.BaseAuth):
    """The plugin."""

    def get_external_login(self, environ: types.WSGIEnviron) -> tuple[()] | tuple[str, str]:
        """Return the account of this request; nothing for an anonymous one, which gets a 401."""
        account = current().account
        return (account.name, "") if account else ()

    def _login(self, login: str, password: str) -> str:
        """Return the account's name again."""
        account = current().account
        return login if account is not None and account.name == login else ""
