"""Cyrus IMAP with its CalDAV: C on files and SQLite."""

from __future__ import annotations

import imaplib
from typing import TYPE_CHECKING, ClassVar

from benchmarks.servers.base import Place, basic
from benchmarks.servers.filling import make_calendar, put_all
from benchmarks.servers.launched import Launched
from benchmarks.servers.running import PASSWORD, USER, find, release
from tests.servers import free_port

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from benchmarks.data import Event

__all__ = ["Cyrus"]

_PACKAGES = "cyrus-imapd cyrus-caldav sasl2-bin libsasl2-modules libsasl2-modules-db"
_WORKERS = 4
_ADMIN = "admin"
_FOLDERS = ("config", "mail", "run", "config/socket", "run/proc", "run/lock", "temp")
_IMAPD = """\
configdirectory: {folder}/config
defaultpartition: default
partition-default: {folder}/mail
proc_path: {folder}/run/proc
mboxname_lockpath: {folder}/run/lock
temp_path: {folder}/temp
cyrus_user: cyrus
servername: bench
admins: {admin}
altnamespace: yes
unixhierarchysep: yes
allowplaintext: yes
autocreate_post: yes
autocreate_quota: 0
httpmodules: caldav
caldav_realm: bench
sasl_pwcheck_method: auxprop
sasl_auxprop_plugin: sasldb
sasl_sasldb_path: {folder}/sasldb
sasl_mech_list: PLAIN
syslog_prefix: cyrus-bench
"""
_CYRUS = """\
START {{
    recover cmd="ctl_cyrusdb -C {config} -r"
}}
SERVICES {{
    http cmd="httpd -C {config} -U 100000" listen="127.0.0.1:{port}" prefork={workers} maxchild=32
    imap cmd="imapd -C {config}" listen="127.0.0.1:{imap}" prefork=0 maxchild=4
}}
EVENTS {{
    checkpoint cmd="ctl_cyrusdb -C {config} -c" period=30
}}
"""


class Cyrus(Launched):
    """Cyrus's httpd under its own master, which keeps 4 of them waiting for connections.

    Passwords in the Berkeley DB of SASL, as Debian sets it up. What limits it: a PUT opens some 190
    files and waits 7 times for the disk, and holds the calendar's lock meanwhile, so that several
    connections are no faster than one.
    """

    most = 10_000
    filled = "10,000 took 65 s"
    cannot: ClassVar[Mapping[str, str]] = {}

    def __init__(self) -> None:
        self._master, self._saslpasswd, _ = find(
            _PACKAGES, "/usr/lib/cyrus/bin/master", "saslpasswd2", "/usr/lib/cyrus/bin/httpd"
        )
        self.title = f"Cyrus {release('cyrus-caldav')}"
        super().__init__("cyrus")
        self._imap = free_port()

    def start(self) -> None:
        """See the Protocol."""
        folder = self._programs.folder
        self._programs.make(*_FOLDERS)
        config = self._programs.write("imapd.conf", _IMAPD.format(folder=folder, admin=_ADMIN))
        services = _CYRUS.format(config=config, port=self._port, imap=self._imap, workers=_WORKERS)
        self._programs.write("cyrus.conf", services)
        database = ("-f", folder / "sasldb", "-u", "bench")
        for account in (USER, _ADMIN):
            self._programs.call(self._saslpasswd, "-p", "-c", *database, account, text=PASSWORD)
        self._launch()
        self._make_account()

    def _make_account(self) -> None:
        """Give the account a mailbox, without which it has no calendars."""
        with imaplib.IMAP4("127.0.0.1", self._imap) as imap:
            imap.login(_ADMIN, PASSWORD)
            answer, told = imap.create(f"user/{USER}")
        if answer != "OK":
            raise RuntimeError(f"Cyrus made no mailbox: {told}")

    def _launch(self) -> None:
        folder = self._programs.folder
        self._programs.launch(
            self._master,
            *("-D", "-p", folder / "run" / "master.pid", "-L", folder / "log"),
            *("-C", folder / "imapd.conf", "-M", folder / "cyrus.conf"),
            root=True,
        )
        self._programs.wait_for(self._port, "/dav/")

    def fill(self, name: str, events: Sequence[Event]) -> Place:
        """See the Protocol."""
        path = f"/dav/calendars/user/{USER}/{name}/"
        place = Place(self._port, path, basic(USER, PASSWORD))
        make_calendar(place)
        put_all(place, events, connections=1)  # a calendar is locked for each
        return place
