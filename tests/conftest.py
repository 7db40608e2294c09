"""What every test may ask for."""

import os
from collections.abc import Iterator

import pytest

from tests.postgres import PostgresMissing, PostgresServer, find_binaries, shared_server


def pytest_report_header() -> str:
    try:
        binaries = find_binaries()
    except PostgresMissing as problem:
        return f"PostgreSQL for the tests: {problem}"
    return (
        f"PostgreSQL for the tests: {binaries.release},"
        f" {binaries.origin} binaries {binaries.folder}"
    )


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresServer]:
    """The PostgreSQL of this test run, one for all xdist workers."""
    root = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        root = root.parent  # without xdist that would be the folder of every user's every run
    with shared_server(root) as server:
        yield server
