"""Requests that nobody should send, as records: what is sent, and how it must be answered.

A module a family; each has a tuple `CASES`. `tests/test_hostile_corpus.py` runs them all.
"""
