"""`python -m tests.conformance`: run the suites, print the table, hold docs/conformance.md true.

Ends with 1 when a test fails that the document does not list, or when one that it lists does not
fail any more.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

from tests.conformance.fetching import ROOT, Missing
from tests.conformance.house import DATABASES, Served, served
from tests.conformance.results import Outcome, Permitted, Result, judge, read_permitted
from tests.conformance.suites import SUITES

DOCUMENT = ROOT / "docs" / "conformance.md"


def main() -> int:
    """Run what the command line asks for."""
    asked = _asked()
    permitted = read_permitted(DOCUMENT.read_text("utf-8"))
    rows, faults = [], 0
    for database in asked.database or DATABASES:
        for suite in asked.suite or SUITES:
            row, bad = _one(suite, database, permitted, verbose=asked.verbose)
            rows.append(row)
            faults += bad
    print(f"\n{'suite':<24}{'database':<12}{'passed':>8}{'failed':>8}{'skipped':>8}")
    for row in rows:
        print(row)
    print(f"\nThe failures that are permitted, with reasons: {DOCUMENT.relative_to(ROOT)}")
    return 1 if faults else 0


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.conformance", description=__doc__)
    parser.add_argument("--suite", action="append", choices=list(SUITES))
    parser.add_argument("--database", action="append", choices=list(DATABASES))
    parser.add_argument("--verbose", action="store_true", help="print every test's result")
    return parser.parse_args()


def _one(
    suite: str, database: str, permitted: list[Permitted], *, verbose: bool
) -> tuple[str, int]:
    """Run a suite on a server of its own; return its row and how many surprises there were."""
    print(f"{suite} on {database} ...", flush=True)
    try:
        with served(database) as server:
            results = _results(suite, server)
    except Missing as missing:
        return f"{suite:<24}{database:<12} left out: {missing}", 0
    if verbose:
        for result in results:
            print(f"  {result.outcome:<8}{result.test}  {result.said}")
    verdict = judge(suite, results, permitted)
    for result in verdict.unlisted:
        print(f"  FAILED, not listed: {result.test}  {result.said}")
    for line in verdict.stale:
        print(f"  listed, but does not fail (any more): {line.test}")
    counts = Counter(result.outcome for result in results)
    numbers = "".join(f"{counts[outcome]:>8}" for outcome in Outcome)
    return f"{suite:<24}{database:<12}{numbers}", len(verdict.unlisted) + len(verdict.stale)


def _results(suite: str, server: Served) -> list[Result]:
    with tempfile.TemporaryDirectory(prefix="praxis-conformance-") as folder:
        try:
            return SUITES[suite](server, Path(folder))
        except subprocess.TimeoutExpired as late:
            said = f"not done after {late.timeout:.0f} seconds"
            return [Result("(the suite as a whole)", Outcome.FAILED, said)]


if __name__ == "__main__":
    sys.exit(main())
