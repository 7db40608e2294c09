"""Bookings in, calendars out, and whether everything is as it should be."""

from __future__ import annotations

import click

__all__ = ["commands"]

commands: tuple[click.Command, ...] = ()
