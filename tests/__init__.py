"""The tests: sentences that a user would miss if they stopped holding."""
