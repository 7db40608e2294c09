"""What suites say, in whatever format they say it; and which failures are permitted."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase
from pathlib import Path
from xml.etree import ElementTree as ET

__all__ = [
    "Outcome",
    "Permitted",
    "Result",
    "Verdict",
    "from_json_lines",
    "from_junit",
    "from_litmus",
    "from_webdav_tck",
    "judge",
    "read_permitted",
]


class Outcome(StrEnum):
    """How a test ended."""

    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True)
class Result:
    """One test of a suite; `said` is the first line of why it failed or was skipped."""

    test: str
    outcome: Outcome
    said: str = ""


@dataclass(frozen=True)
class Permitted:
    """One line of docs/conformance.md. `test` may be a pattern with `*`."""

    suite: str
    test: str
    why: str
    rfc: str

    def covers(self, suite: str, test: str) -> bool:
        """Tell whether this line speaks of a test; brackets are no pattern."""
        pattern = self.test.replace("[", "[[]")
        return self.suite == suite and fnmatchcase(test, pattern)


@dataclass(frozen=True)
class Verdict:
    """What docs/conformance.md does not say, or says wrongly, of one run of a suite."""

    unlisted: tuple[Result, ...]
    stale: tuple[Permitted, ...]

    @property
    def good(self) -> bool:
        """Tell whether every failure is listed, and every listed one still happens."""
        return not self.unlisted and not self.stale


def read_permitted(document: str) -> list[Permitted]:
    """Return the lines of the tables whose head is `| suite | test | why | RFC |`."""
    lines = (line.strip() for line in document.splitlines())
    rows = ([cell.strip() for cell in line.strip("|").split("|")] for line in lines if "|" in line)
    return [
        Permitted(suite, test.strip("`"), why, rfc)
        for suite, test, why, rfc in (row for row in rows if len(row) == 4)
        if suite != "suite" and set(suite) - set("-: ")
    ]


def judge(suite: str, results: Sequence[Result], permitted: Iterable[Permitted]) -> Verdict:
    """Compare a suite's results with the list."""
    mine = [line for line in permitted if line.suite == suite]
    failed = [result for result in results if result.outcome is Outcome.FAILED]
    unlisted = [r for r in failed if not any(line.covers(suite, r.test) for line in mine)]
    stale = [line for line in mine if not any(line.covers(suite, r.test) for r in failed)]
    return Verdict(tuple(unlisted), tuple(stale))


def from_junit(path: Path) -> list[Result]:
    """Read pytest's XML; a test is called `file::class::test` as in its own summary."""
    results = []
    for case in ET.parse(path).getroot().iter("testcase"):
        place = case.attrib.get("classname", "").rpartition(".")[2]
        trouble = next((e for e in case if e.tag in {"failure", "error", "skipped"}), None)
        outcome = Outcome.PASSED
        if trouble is not None:
            outcome = Outcome.SKIPPED if trouble.tag == "skipped" else Outcome.FAILED
        said = trouble.attrib.get("message", "") if trouble is not None else ""
        results.append(Result(f"{place}::{case.attrib['name']}", outcome, _first(said)))
    return results


def from_json_lines(output: str) -> list[Result]:
    """Read what our own drivers print: {"test": ..., "outcome": ..., "said": ...} on each line."""
    told = (json.loads(line) for line in output.splitlines() if line.startswith('{"test"'))
    return [Result(t["test"], Outcome(t["outcome"]), _first(t.get("said", ""))) for t in told]


_LITMUS_SUITE = re.compile(r"-> running `(\w+)'")
_LITMUS_TEST = re.compile(r"\s*\d+\. (\w+)\.")
_LITMUS_END = re.compile(r"[^(]*\.\. (pass|FAIL|SKIPPED)\b(?:[^(]*\((.*))?")
_LITMUS_WORDS = {"pass": Outcome.PASSED, "FAIL": Outcome.FAILED, "SKIPPED": Outcome.SKIPPED}


def from_litmus(output: str) -> list[Result]:
    """Read litmus' own lines. After a warning the end of a test has a line without its name."""
    suite, test, results = "", "", list[Result]()
    for line in output.replace("\r", "\n").splitlines():
        if found := _LITMUS_SUITE.match(line):
            suite = found[1]
        elif found := _LITMUS_TEST.match(line):
            test = found[1]
        if found := _LITMUS_END.match(line):
            said = (found[2] or "").rstrip(")")
            results.append(Result(f"{suite}/{test}", _LITMUS_WORDS[found[1]], _first(said)))
    return results


_TCK_SUITE = re.compile(r"Running (\w+)$")
_TCK_TEST = re.compile(r"  (?P<test>\w+): (?P<word>PASS|FAIL|SKIP)(?: \(\w+\))?$")
_TCK_WORDS = {"PASS": Outcome.PASSED, "FAIL": Outcome.FAILED, "SKIP": Outcome.SKIPPED}


def from_webdav_tck(output: str) -> list[Result]:
    """Read webdav-tck's lines; what a test has to say stands indented below it."""
    suite, results = "", list[Result]()
    for line in output.splitlines():
        if found := _TCK_SUITE.match(line):
            suite = found[1]
        elif found := _TCK_TEST.match(line):
            results.append(Result(f"{suite}/{found['test']}", _TCK_WORDS[found["word"]]))
        elif line.startswith("    ") and results and not line.strip().startswith("Warning"):
            last = results[-1]
            if last.outcome is Outcome.FAILED and not last.said:
                results[-1] = Result(last.test, last.outcome, line.strip())
    return results


def _first(said: str) -> str:
    return next((line.strip() for line in said.splitlines() if line.strip()), "")[:200]
