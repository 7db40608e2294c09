"""Faults of every kind under writers, and afterwards nothing lost and nothing inconsistent.

The short runs are part of the ordinary tests; the long ones are marked slow and print what they
did. Read from /proc, so on Linux only.
"""

import pytest

pytest.register_assert_rewrite("tests.faults.checking", "tests.faults.replicas")
