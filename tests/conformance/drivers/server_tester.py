"""Run every check of caldav-server-tester and print how each feature was found, a line each.

Its own report leaves out what is as expected; here everything is counted.
"""

import inspect
import json
import sys

from caldav.davclient import DAVClient
from caldav_server_tester import checks
from caldav_server_tester.checker import ServerQuirkChecker
from caldav_server_tester.checks_base import Check

OUTCOMES = {"full": "passed", "unknown": "skipped"}


def main(url: str, password: str, account: str, *others: str) -> None:
    """Check the server with an account; the others are those it may invite."""
    first, *rest = (DAVClient(url=url, username=n, password=password) for n in (account, *others))
    checker = ServerQuirkChecker(first, extra_clients=rest)
    try:
        checker.check_all()
    finally:
        checker.cleanup(force=True)
    features: set[str] = set()
    for _, kind in inspect.getmembers(checks, inspect.isclass):
        if issubclass(kind, Check):
            features |= set(getattr(kind, "features_to_be_checked", ()))
    found = checker.features_checked
    for feature in sorted(features):
        known = feature in found._server_features
        told = found.is_supported(feature, return_type=dict) if known else {"support": "unknown"}
        support = told.get("support", "full")
        line = {
            "test": feature,
            "outcome": OUTCOMES.get(support, "failed"),
            "said": f"{support}: {told.get('behaviour') or told.get('description') or ''}",
        }
        print(json.dumps(line))


main(*sys.argv[1:])
