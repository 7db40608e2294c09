"""The folder that practice software and this server share: whole files, each taken once."""

from __future__ import annotations

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from booking_adapter.failures import Failed
from booking_adapter.lists.gdt_folder import archive, discard, put, put_counted, resting

if TYPE_CHECKING:
    from pathlib import Path


def later(seconds: float = 60) -> datetime:
    return datetime.now(UTC) + timedelta(seconds=seconds)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_is_there_whole_and_nothing_beside_it(tmp_path: Path) -> None:
    assert put(tmp_path, "PRAXKALE", b"whole") == tmp_path / "PRAXKALE.GDT"
    assert names(tmp_path) == ["PRAXKALE.GDT"]
    assert (tmp_path / "PRAXKALE.GDT").read_bytes() == b"whole"


def test_a_file_that_was_not_fetched_yet_is_not_overwritten(tmp_path: Path) -> None:
    put(tmp_path, "PRAXKALE", b"first")
    with pytest.raises(Failed, match="not fetched") as error:
        put(tmp_path, "PRAXKALE", b"second")
    assert not error.value.permanent
    assert names(tmp_path) == ["PRAXKALE.GDT"]
    assert (tmp_path / "PRAXKALE.GDT").read_bytes() == b"first"


def test_counted_files_take_the_first_free_number(tmp_path: Path) -> None:
    for _ in range(3):
        put_counted(tmp_path, "PRAXKALE", b"x")
    (tmp_path / "PRAXKALE.001").unlink()
    assert put_counted(tmp_path, "PRAXKALE", b"x").name == "PRAXKALE.001"


def test_of_many_who_write_at_once_each_has_a_file_of_its_own(tmp_path: Path) -> None:
    contents = [b"%03d" % number for number in range(40)]
    with ThreadPoolExecutor(8) as pool:
        paths = list(pool.map(lambda content: put_counted(tmp_path, "AB", content), contents))
    assert [path.read_bytes() for path in paths] == contents
    assert len(names(tmp_path)) == 40


def test_a_share_without_second_names_takes_files_as_well(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "link", refused)
    put(tmp_path, "AB", b"first")
    with pytest.raises(Failed, match="not fetched"):
        put(tmp_path, "AB", b"second")
    assert (names(tmp_path), (tmp_path / "AB.GDT").read_bytes()) == (["AB.GDT"], b"first")
    assert [put_counted(tmp_path, "AB", b"x").name for _ in range(2)] == ["AB.000", "AB.001"]


def test_a_folder_that_is_full_or_gone_is_told(tmp_path: Path) -> None:
    for number in range(1_000):
        (tmp_path / f"AB.{number:03}").touch()
    with pytest.raises(Failed, match="not fetched"):
        put_counted(tmp_path, "AB", b"x")
    assert len(names(tmp_path)) == 1_000
    with pytest.raises(Failed, match="cannot be written"):
        put(tmp_path / "none", "AB", b"x")
    with pytest.raises(Failed, match="cannot be read"):
        list(resting(tmp_path / "none", later()))


def test_only_files_that_rest_are_read_in_order(tmp_path: Path) -> None:
    for name in ("KALEPRAX.001", "KALEPRAX.000", "patient.gdt"):
        (tmp_path / name).write_bytes(name.encode())
    found = list(resting(tmp_path, later(10), quiet=5))
    assert [each.content.decode() for each in found] == [
        "KALEPRAX.000",
        "KALEPRAX.001",
        "patient.gdt",
    ]
    assert list(resting(tmp_path, later(1), quiet=5)) == []


def test_a_copy_with_an_old_date_rests_from_when_it_came(tmp_path: Path) -> None:
    path = tmp_path / "a.gdt"
    path.write_bytes(b"x")
    os.utime(path, (0, 0))
    assert list(resting(tmp_path, later(1), quiet=5)) == []


def test_what_is_no_gdt_file_is_left_alone(tmp_path: Path) -> None:
    for name in (".hidden.gdt", "~lock.gdt", "a.txt", "a.0001", "a"):
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "folder.gdt").mkdir()
    (tmp_path / "link.gdt").symlink_to(tmp_path / "a.txt")
    os.mkfifo(tmp_path / "pipe.gdt")
    assert list(resting(tmp_path, later())) == []


def test_a_file_that_was_taken_over_goes_or_is_archived(tmp_path: Path) -> None:
    folder, old = tmp_path / "in", tmp_path / "old"
    folder.mkdir()
    for name in ("a.gdt", "b.gdt"):
        (folder / name).write_bytes(name.encode())
    first, second = resting(folder, later())
    assert discard(first)
    assert archive(second, old, datetime(2026, 11, 24, 12, tzinfo=UTC))
    assert names(folder) == []
    (kept,) = old.iterdir()
    assert kept.read_bytes() == b"b.gdt"
    assert kept.name.startswith("20261124-120000-")
    assert kept.name.endswith("-b.gdt")


def test_a_file_that_was_written_anew_is_another_one(tmp_path: Path) -> None:
    path = tmp_path / "a.gdt"
    path.write_bytes(b"first")
    (found,) = resting(tmp_path, later())
    path.write_bytes(b"another")
    assert not discard(found)
    assert not archive(found, tmp_path / "old", later())
    assert path.read_bytes() == b"another"
    path.unlink()
    assert not discard(found)


def test_others_may_read_what_the_practices_umask_lets_them(tmp_path: Path) -> None:
    path = put(tmp_path, "AB", b"x")
    plain = tmp_path / "plain"
    plain.touch()
    assert stat.S_IMODE(path.stat().st_mode) == stat.S_IMODE(plain.stat().st_mode)
