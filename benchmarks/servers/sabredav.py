"""sabre/dav: a PHP library, with the little server that its examples build with it."""

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

__all__ = ["SabreDav"]

_SCHEMA = "/usr/share/doc/php-sabre-dav/examples/sql/pgsql."
_PACKAGES = "php-sabre-dav php-fpm php-pgsql php-xml php-mbstring nginx-light postgresql"
_SERVER = """\
<?php
require_once 'Sabre/autoload.php';
date_default_timezone_set('Europe/Berlin');

$database = new PDO('pgsql:host=127.0.0.1;port={database.port};dbname=sabre;user={database.user}',
    null, null, [PDO::ATTR_PERSISTENT => true, PDO::ATTR_ERRMODE => PDO::ERRMODE_EXCEPTION]);

class Accounts extends Sabre\\DAV\\Auth\\Backend\\AbstractBasic {{
    function __construct(private PDO $database) {{ }}
    protected function validateUserPass($name, $password) {{
        $found = $this->database->prepare('SELECT digesta1 FROM users WHERE username = ?');
        $found->execute([$name]);
        return $found->fetchColumn() === md5("$name:bench:$password");
    }}
}}

$people = new Sabre\\DAVACL\\PrincipalBackend\\PDO($database);
$calendars = new Sabre\\CalDAV\\Backend\\PDO($database);
$server = new Sabre\\DAV\\Server([
    new Sabre\\CalDAV\\Principal\\Collection($people),
    new Sabre\\CalDAV\\CalendarRootNode($people, $calendars),
]);
$server->setBaseUri('/server.php');
$server->addPlugin(new Sabre\\DAV\\Auth\\Plugin(new Accounts($database), 'bench'));
$server->addPlugin(new Sabre\\DAVACL\\Plugin());
$server->addPlugin(new Sabre\\CalDAV\\Plugin());
$server->addPlugin(new Sabre\\CalDAV\\ICSExportPlugin());
$server->exec();
"""
_ACCOUNT = """\
INSERT INTO users (username, digesta1) VALUES ('{user}', md5('{user}:bench:{password}'));
INSERT INTO principals (uri, email, displayname)
VALUES ('principals/{user}', '{user}@bench.example', 'Empfang');
"""


class SabreDav(Launched):
    """sabre/dav in 4 workers of php-fpm behind nginx, on a PostgreSQL of its own.

    The connections to the database are kept; a password is one MD5 of the database's row. It is
    the release that Debian has, years old, and knows no sync-collection, which its later ones do.
    """

    most = 50_000
    filled = "50,000 took 147 s"
    cannot: ClassVar[Mapping[str, str]] = {"sync": "has no sync-collection"}

    def __init__(self) -> None:
        find_php()
        _, *self._schema = find(
            _PACKAGES,
            "/usr/share/php/Sabre/autoload.php",
            *(f"{_SCHEMA}{name}.sql" for name in ("calendars", "principals", "users")),
        )
        self.title = f"sabre/dav {release('php-sabre-dav')}"
        self._database = Database()
        super().__init__("www-data", self._database)

    def start(self) -> None:
        """See the Protocol."""
        self._database.start()
        self._database.run(self._programs, "postgres", "-c", "CREATE DATABASE sabre")
        files = [word for path in self._schema for word in ("-f", path)]
        account = _ACCOUNT.format(user=USER, password=PASSWORD)
        self._database.run(self._programs, "sabre", *files, "-c", account)
        self._programs.write("server.php", _SERVER.format(database=self._database))
        self._launch()

    def _launch(self) -> None:
        launch_php(
            self._programs, self._port, self._programs.folder, "/server.php", "/usr/share/php"
        )

    def fill(self, name: str, events: Sequence[Event]) -> Place:
        """See the Protocol."""
        path = f"/server.php/calendars/{USER}/{name}/"
        place = Place(self._port, path, basic(USER, PASSWORD), f"{path}?export")
        make_calendar(place)
        put_all(place, events)
        return place
