"""DAViCal: PHP on PostgreSQL."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from benchmarks.servers.base import Place, basic
from benchmarks.servers.database import Database
from benchmarks.servers.filling import make_calendar, put_all
from benchmarks.servers.launched import Launched
from benchmarks.servers.php import find_php, launch_php
from benchmarks.servers.running import PASSWORD, USER, find, release

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from benchmarks.data import Event

__all__ = ["Davical"]

_PACKAGES = "davical postgresql php-fpm php-pgsql php-memcached nginx-light memcached"
_CONFIG = """\
<?php
$c->pg_connect[] = "dbname=davical user=davical_app host=127.0.0.1 port={database}";
$c->domain_name = "127.0.0.1";
$c->memcache_servers[] = "{folder}/cache.sock,0";
$c->get_includes_subcollections = true;
"""
_ACCOUNT = """\
WITH made AS (
    INSERT INTO usr (active, email_ok, username, password, fullname, email)
    VALUES (TRUE, current_date, '{user}', '**{password}', 'Empfang', 'empfang@bench.example')
    RETURNING user_no
)
INSERT INTO principal (type_id, user_no, displayname, default_privileges)
SELECT 1, user_no, 'Empfang', 0::BIT(24) FROM made;
"""


class Davical(Launched):
    """DAViCal in 4 workers of php-fpm behind nginx, with memcached and a PostgreSQL of its own.

    Its own settings otherwise; a password in plain text, its cheapest, in the database. What limits
    it: each request connects to the database anew. The first PUTs at once fail with 500 if they
    bring a time zone that it does not know yet.
    """

    most = 10_000
    filled = "10,000 took 143 s"
    cannot: ClassVar[Mapping[str, str]] = {
        "sync": "names the last change before the token once more"
    }

    def __init__(self) -> None:
        find_php()
        self._script, self._memcached = find(
            _PACKAGES, "/usr/share/davical/dba/create-database.sh", "memcached"
        )
        self.title = f"DAViCal {release('davical')}"
        self._database = Database()
        super().__init__("www-data", self._database)

    def start(self) -> None:
        """See the Protocol."""
        self._database.start()
        environment = self._database.environment
        self._programs.call("sh", self._script, "davical", PASSWORD, **environment)
        account = _ACCOUNT.format(user=USER, password=PASSWORD)
        self._database.run(self._programs, "davical", "-c", account)
        config = _CONFIG.format(database=self._database.port, folder=self._programs.folder)
        self._programs.write("davical-conf.php", config)
        self._launch()

    def _launch(self) -> None:
        self._programs.launch(self._memcached, "-s", self._programs.folder / "cache.sock")
        launch_php(
            self._programs,
            self._port,
            "/usr/share/davical/htdocs",
            "/caldav.php",
            include_path="/usr/share/davical/inc:/usr/share/awl/inc:/usr/share/php",
            # It looks for its settings under /etc/davical, by its server's name.
            name=f"../..{self._programs.folder}/davical",
        )

    def fill(self, name: str, events: Sequence[Event]) -> Place:
        """See the Protocol."""
        place = Place(self._port, f"/caldav.php/{USER}/{name}/", basic(USER, PASSWORD))
        make_calendar(place)
        put_all(place, events)
        return place
