"""Public suites of others against our server: fetched, run, counted (docs/conformance.md).

Not the tests of this project: those are beside this folder and need nothing from outside.
"""
