"""SOGo: Objective-C on PostgreSQL."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from benchmarks.servers.base import Place, basic
from benchmarks.servers.database import Database
from benchmarks.servers.filling import make_calendar, put_all
from benchmarks.servers.launched import Launched
from benchmarks.servers.nginx import find_nginx, launch_nginx
from benchmarks.servers.running import PASSWORD, USER, find, release
from tests.servers import free_port

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from benchmarks.data import Event

__all__ = ["Sogo"]

_WORKERS = 4
_LOCATION = """\
proxy_pass http://127.0.0.1:{inner};
proxy_http_version 1.0;
proxy_buffers 64 64k;
proxy_buffer_size 64k;
proxy_set_header Host $http_host;
proxy_set_header x-webobjects-server-protocol HTTP/1.0;
"""
_ACCOUNT = """\
CREATE TABLE accounts (c_uid VARCHAR(60) PRIMARY KEY, c_name VARCHAR(60), c_password VARCHAR(60),
    c_cn VARCHAR(60), mail VARCHAR(60));
INSERT INTO accounts VALUES ('{user}', '{user}', '{password}', 'Empfang', '{user}@bench.example');
"""
_SOURCES = """({{
    type = sql; id = accounts; viewURL = "{database}/accounts"; canAuthenticate = YES;
    isAddressBook = NO; userPasswordAlgorithm = plain;
}})"""
#: The setting and the table it names; these nine are the set-up its guide recommends.
_TABLES = {
    "SOGoProfileURL": "sogo_user_profile",
    "OCSFolderInfoURL": "sogo_folder_info",
    "OCSSessionsFolderURL": "sogo_sessions_folder",
    "OCSEMailAlarmsFolderURL": "sogo_alarms_folder",
    "OCSStoreURL": "sogo_store",
    "OCSAclURL": "sogo_acl",
    "OCSCacheFolderURL": "sogo_cache_folder",
}


class Sogo(Launched):
    """SOGo with 4 workers, memcached and a PostgreSQL of its own, behind nginx.

    Its guide wants a web server in front, and it closes each connection without announcing it.
    A change within the second of a sync token is never told with that token. Passwords in plain
    text, kept in memcached once they were right.
    """

    most = 10_000
    filled = "10,000 took 45 s"
    cannot: ClassVar[Mapping[str, str]] = {
        "sync": "its token is a second: what follows in the same second is never told",
        "expand": "returns the series themselves, and of other days as well",
        "free-busy": "501",
        "precondition": "overwrites in spite of If-None-Match: *",
    }

    def __init__(self) -> None:
        self._sogod, self._memcached = find("sogo memcached", "sogod", "memcached")
        find_nginx()
        self.title = f"SOGo {release('sogo')}"
        self._database = Database()
        super().__init__("sogo", self._database)
        self._inner = free_port()

    def start(self) -> None:
        """See the Protocol."""
        self._database.start()
        self._database.run(self._programs, "postgres", "-c", "CREATE DATABASE sogo")
        account = _ACCOUNT.format(user=USER, password=PASSWORD)
        self._database.run(self._programs, "sogo", "-c", account)
        self._programs.make("spool")
        self._launch()

    def _launch(self) -> None:
        folder = self._programs.folder
        database = f"postgresql://praxis:none@127.0.0.1:{self._database.port}/sogo"
        settings = {
            "WONoDetach": "YES",
            "WOPort": f"127.0.0.1:{self._inner}",
            "WOWorkersCount": str(_WORKERS),
            "WOListenQueueSize": "128",
            "WOLogFile": str(folder / "sogo.log"),
            "WOPidFile": str(folder / "sogo.pid"),
            "SOGoMemcachedHost": str(folder / "cache.sock"),
            "SOGoMailSpoolPath": str(folder / "spool"),
            "SOGoTimeZone": "Europe/Berlin",
            "SOGoUserSources": _SOURCES.format(database=database),
            **{setting: f"{database}/{table}" for setting, table in _TABLES.items()},
        }
        self._programs.launch(self._memcached, "-s", folder / "cache.sock")
        options = [word for key, value in settings.items() for word in (f"-{key}", value)]
        self._programs.launch(self._sogod, *options, env={"HOME": str(folder)})
        launch_nginx(self._programs, self._port, _LOCATION.format(inner=self._inner))
        self._programs.wait_for(self._port, f"/SOGo/dav/{USER}/")

    def fill(self, name: str, events: Sequence[Event]) -> Place:
        """See the Protocol."""
        path = f"/SOGo/dav/{USER}/Calendar/{name}"
        place = Place(self._port, f"{path}/", basic(USER, PASSWORD), f"{path}.ics")
        make_calendar(place)
        put_all(place, events)
        return place
