"""The runner of public suites reads them rightly. The suites themselves: `make conformance`."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.conformance.fetching import ROOT, VERSIONS
from tests.conformance.plain_files import dressed, undressed
from tests.conformance.results import (
    Outcome,
    Permitted,
    Result,
    from_json_lines,
    from_junit,
    from_litmus,
    from_webdav_tck,
    judge,
    read_permitted,
)
from tests.conformance.suites import SUITES

PASSED, FAILED, SKIPPED = Outcome

JUNIT = """<?xml version="1.0"?><testsuites><testsuite>
<testcase classname="tests.test_x.TestForServer" name="testA"/>
<testcase classname="tests.test_x.TestForServer" name="testB[x]">
<failure message="AssertionError: no&#10;more">long</failure></testcase>
<testcase classname="tests.test_x.TestForServer" name="testC"><error message="boom"/></testcase>
<testcase classname="tests.test_x.TestForServer" name="testD"><skipped message="why"/></testcase>
</testsuite></testsuites>"""

LITMUS = """-> running `basic':
 0. init..................\r 0. init.................. pass
 1. mkcol.................\r 1. mkcol................. WARNING: no trailing slash
    ...................... FAIL (403 Forbidden)
 2. delete................\r 2. delete................ FAIL (could not
delete)
<- summary for `basic': of 3 tests run: 1 passed, 2 failed. 33.3%
-> running `locks':
 0. precond...............\r 0. precond............... SKIPPED (locking tests skipped,
server does not claim Class 2 compliance)
-> 1 test was skipped.
"""

TCK = """Testing WebDAV server: http://127.0.0.1/
Running basic
  test_options: PASS
  test_mkcol: FAIL (hard)
    MKCOL returned 403, expected 201
Running locks
  test_precond: SKIP (rest)
    Warning: nothing
Failed Tests:
  - test_mkcol
    MKCOL returned 403, expected 201
"""


def test_pytests_xml_is_read(tmp_path: Path) -> None:
    path = tmp_path / "results.xml"
    path.write_text(JUNIT)
    assert from_junit(path) == [
        Result("TestForServer::testA", PASSED),
        Result("TestForServer::testB[x]", FAILED, "AssertionError: no"),
        Result("TestForServer::testC", FAILED, "boom"),
        Result("TestForServer::testD", SKIPPED, "why"),
    ]


def test_litmus_lines_are_read() -> None:
    assert from_litmus(LITMUS) == [
        Result("basic/init", PASSED),
        Result("basic/mkcol", FAILED, "403 Forbidden"),
        Result("basic/delete", FAILED, "could not"),
        Result("locks/precond", SKIPPED, "locking tests skipped,"),
    ]


def test_webdav_tck_lines_are_read() -> None:
    assert from_webdav_tck(TCK) == [
        Result("basic/test_options", PASSED),
        Result("basic/test_mkcol", FAILED, "MKCOL returned 403, expected 201"),
        Result("locks/test_precond", SKIPPED),
    ]


def test_the_drivers_lines_are_read_among_other_output() -> None:
    output = 'a warning\n{"test": "login", "outcome": "failed", "said": "no\\nway"}\n'
    assert from_json_lines(output) == [Result("login", FAILED, "no")]


def test_a_failure_that_is_not_listed_is_found_and_so_is_one_that_is_no_more() -> None:
    listed = [
        Permitted("a", "gone", "", ""),
        Permitted("a", "test_x[*]", "", ""),
        Permitted("b", "new", "", ""),
    ]
    results = [
        Result("gone", PASSED),
        Result("test_x[1]", FAILED),
        Result("test_x[2]", PASSED),
        Result("new", FAILED),
    ]
    verdict = judge("a", results, listed)
    assert verdict.unlisted == (Result("new", FAILED),)
    assert verdict.stale == (listed[0],)
    assert not verdict.good
    assert judge("a", results[1:3], listed[1:]).good


def test_the_document_names_a_suite_that_is_run_and_an_rfc() -> None:
    permitted = read_permitted((ROOT / "docs" / "conformance.md").read_text("utf-8"))
    assert permitted
    for line in permitted:
        assert line.suite in SUITES, line
        assert re.search(r"RFC \d{4}, \d", line.rfc), line
        assert line.why, line
        assert "`" not in line.test


def test_what_we_are_tested_with_is_what_the_suites_are_taken_from() -> None:
    pins = (ROOT / "constraints.txt").read_text().splitlines()
    for name in ("caldav", "vdirsyncer"):
        assert f"{name}=={VERSIONS[name]}" in pins


@pytest.mark.parametrize("content", [b"", b"a\r\n b\r\n", bytes(range(256)) * 9])
def test_a_file_comes_out_of_its_event_as_it_went_in(content: bytes) -> None:
    text = dressed(content, "uid-1")
    assert undressed(text) == content
    assert max(map(len, text.split(b"\r\n"))) <= 75


def test_an_event_of_others_is_no_file() -> None:
    assert undressed(b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n") is None
