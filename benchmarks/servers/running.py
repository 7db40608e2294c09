"""Programs that are started to be measured, in a folder of their own, and are all ended with it.

Nothing of a server in particular: which programs, with what settings, stands in its own file.
"""

from __future__ import annotations

import atexit
import http.client
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.servers.base import NotHere

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

__all__ = ["PASSWORD", "USER", "Programs", "descendants", "find", "release"]

#: The account that every peer is given.
USER = "empfang"
PASSWORD = "ein-langes-Passwort"

_DEADLINE = 60.0  # seconds for a start, and for an end
_LONGEST = 600.0  # seconds for a program that only has to come to its end
_PAUSE = 0.005


class Programs:
    """A folder, and the programs running in it.

    As root they run as `account`, which owns the folder, or as themselves where that is "".
    """

    def __init__(self, account: str = "") -> None:
        # Not the folder that $TMPDIR names: a socket's path is limited to 107 bytes.
        self.folder = Path(tempfile.mkdtemp(prefix="bench-", dir="/tmp"))
        self.folder.chmod(0o755)
        self.account = account if os.geteuid() == 0 else ""
        self.own(self.folder)
        self._running: list[subprocess.Popen[bytes]] = []
        atexit.register(self.remove)

    def own(self, path: Path) -> None:
        """Give a folder or file to the account."""
        if self.account:
            shutil.chown(path, self.account, pwd.getpwnam(self.account).pw_gid)

    def make(self, *names: str) -> None:
        """Make folders that belong to the account, their parents first."""
        for name in names:
            (self.folder / name).mkdir()
            self.own(self.folder / name)

    def write(self, name: str, text: str) -> Path:
        """Write a file that belongs to the account."""
        path = self.folder / name
        path.write_text(text, "utf-8")
        self.own(path)
        return path

    def launch(
        self, *command: str | Path, root: bool = False, env: Mapping[str, str] | None = None
    ) -> None:
        """Start a program that stays in the foreground; `root` leaves its account as it is."""
        with (self.folder / "log").open("ab") as log:
            self._running.append(self._popen(command, log.fileno(), env or {}, root=root))

    def call(self, *command: str | Path, text: str = "", **env: str) -> None:
        """Run a program to its end; raises RuntimeError with the log if it fails."""
        with (self.folder / "log").open("ab") as log:
            process = self._popen(command, log.fileno(), env, stdin=subprocess.PIPE)
        process.communicate(text.encode(), _LONGEST)
        if process.returncode != 0:
            raise RuntimeError(f"{command[0]} failed:\n{self.log}")

    def _popen(
        self,
        command: Sequence[str | Path],
        log: int,
        env: Mapping[str, str],
        *,
        root: bool = False,
        stdin: int = subprocess.DEVNULL,
    ) -> subprocess.Popen[bytes]:
        entry = pwd.getpwnam(self.account) if self.account and not root else None
        return subprocess.Popen(
            command,
            stdin=stdin,
            stdout=log,
            stderr=log,
            cwd=self.folder,
            env={**os.environ, **env},
            user=entry and entry.pw_uid,
            group=entry and entry.pw_gid,
            extra_groups=entry and os.getgrouplist(entry.pw_name, entry.pw_gid),
            start_new_session=True,
        )

    @property
    def log(self) -> str:
        """The ends of what they wrote."""
        logs = [self.folder / "log", *sorted(self.folder.glob("*.log"))]
        return "\n".join(f"{log.name}:\n{_end_of(log)}" for log in logs)

    def wait_for(self, port: int, path: str = "/", method: str = "OPTIONS") -> None:
        """Wait until the request is answered by something else than a 5xx; raises RuntimeError."""
        deadline = time.monotonic() + _DEADLINE
        while not _answers(port, path, method):
            if time.monotonic() > deadline or any(p.poll() is not None for p in self._running):
                raise RuntimeError(f"it did not start:\n{self.log}")
            time.sleep(_PAUSE)

    def ids(self) -> list[int]:
        """Return the process numbers of the programs and all that they have started."""
        return [pid for process in self._running for pid in descendants(process.pid)]

    def end(self) -> None:
        """End the programs, those started last first, and what they leave behind."""
        while self._running:
            process = self._running.pop()
            family = list(descendants(process.pid))
            process.terminate()
            try:
                process.wait(_DEADLINE)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            for pid in _alive(family):
                os.kill(pid, signal.SIGKILL)

    def remove(self) -> None:
        """End the programs and remove the folder."""
        self.end()
        shutil.rmtree(self.folder, ignore_errors=True)
        atexit.unregister(self.remove)


def _end_of(log: Path) -> str:
    return log.read_text("utf-8", "replace")[-3_000:] if log.exists() else ""


def _answers(port: int, path: str, method: str) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request(method, path)
        return connection.getresponse().status < 500
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def descendants(root: int) -> Iterator[int]:
    """Yield a process and all below it."""
    listing = subprocess.run(["ps", "-eo", "pid=,ppid="], capture_output=True, check=True)
    pairs = [tuple(map(int, line.split())) for line in listing.stdout.splitlines()]
    waiting = [root]
    while waiting:
        parent = waiting.pop()
        yield parent
        waiting += [pid for pid, of in pairs if of == parent]


def _alive(pids: Sequence[int]) -> list[int]:
    """Return those that are still there a while after they should have gone."""
    deadline = time.monotonic() + 5
    while left := [pid for pid in pids if Path(f"/proc/{pid}").exists()]:
        if time.monotonic() > deadline:
            return left
        time.sleep(_PAUSE)
    return []


def find(packages: str, *programs: str) -> list[Path]:
    """Return the paths of programs (names, or patterns of paths, the last of which counts).

    Raises NotHere, naming the Debian packages.
    """
    found = []
    for program in programs:
        if program.startswith("/"):
            paths = sorted(Path("/").glob(program[1:]))
        else:
            name = shutil.which(program, path=f"{os.environ['PATH']}:/usr/sbin:/sbin")
            paths = [Path(name)] if name else []
        if not paths:
            raise NotHere(f"{program} is missing; on Debian: apt install {packages}")
        found.append(paths[-1])
    return found


def release(package: str) -> str:
    """Return the version of a Debian package, "" if it is not there."""
    told = subprocess.run(
        ["dpkg-query", "-W", "-f", "${Version}", package],
        capture_output=True,
        text=True,
        check=False,
    )
    return told.stdout.partition("-")[0]
