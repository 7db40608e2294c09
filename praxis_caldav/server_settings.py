"""The settings of the server itself: its database, address, processes and log.

Not here: what it serves, and to whom (`praxis_caldav.settings`).
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo, field_validator

from praxis_caldav.setting_values import (
    File,
    Filled,
    Section,
    lower_case,
    valid_database_url,
    valid_network,
    valid_public_url,
)

__all__ = ["Database", "Logging", "Server", "Worker"]


class Database(Section):
    """Where everything is kept."""

    # Not in the repr: it may hold a password.
    url: Annotated[str, AfterValidator(valid_database_url)] = Field(
        "sqlite:///praxis.db",
        repr=False,
        description="sqlite:///FILE, the path of a file (both count from the folder the program "
        "is started in; sqlite:////FILE is absolute), or postgresql://USER:PASSWORD@HOST/NAME.",
    )
    pool_size: int = Field(
        10, ge=1, le=1000, description="Most connections to PostgreSQL of each server process."
    )
    busy_timeout_seconds: int = Field(
        10,
        ge=1,
        le=300,
        description="Seconds a request waits for another one that is writing, before it is "
        "answered with 503 (try again).",
    )


class Server(Section):
    """How the server is reached, and how much it does at once."""

    host: Filled = Field(
        "127.0.0.1", description="IP address to listen on; 0.0.0.0 means all of this machine's."
    )
    port: int = Field(
        5232, ge=0, le=65535, description="TCP port to listen on; 0 takes any free one."
    )
    workers: int = Field(
        1, ge=1, le=256, description="Number of server processes. More than one wants PostgreSQL."
    )
    tls_cert: File = Field(
        None, description="File with the TLS certificate chain (PEM); empty: no TLS."
    )
    tls_key: File = Field(
        None,
        validate_default=True,
        description="File with the private key of tls_cert (PEM); give both or none.",
    )
    public_url: Annotated[str, AfterValidator(valid_public_url)] = Field(
        "",
        description="Address people use to reach the server, such as https://kalender.example.org, "
        "for the addresses it prints; empty: made from host and port.",
    )
    trusted_proxies: list[Annotated[str, AfterValidator(valid_network)]] = Field(
        ["127.0.0.1"],
        description="IP addresses or networks of the reverse proxies whose X-Forwarded-For and "
        "X-Forwarded-Proto headers are believed.",
    )
    threads: int = Field(
        16, ge=1, le=1000, description="Requests that each server process works on at once."
    )
    shutdown_seconds: int = Field(
        30, ge=1, le=3600, description="Seconds that running requests get to end at a stop."
    )

    @field_validator("tls_key")
    @classmethod
    def _both_or_none(cls, value: Path | None, info: ValidationInfo) -> Path | None:
        # Here and not on the section: that check would be skipped while another field is wrong.
        if "tls_cert" in info.data and (value is None) != (info.data["tls_cert"] is None):
            raise ValueError("tls_cert and tls_key must be given both or not at all")
        return value


class Worker(Section):
    """What delivers letters, asks booking tools and works off their webhooks."""

    run: Literal["serve", "work"] = Field(
        "serve",
        description="serve: every server process does; work: only `praxis-caldav work` does, on "
        "as many machines as you like.",
    )


class Logging(Section):
    """The log, on standard error. It never holds anything of a patient."""

    level: Annotated[Literal["debug", "info", "warning", "error"], BeforeValidator(lower_case)] = (
        Field("info", description="Least important lines that are written: debug to error.")
    )
    format: Annotated[Literal["json", "text"], BeforeValidator(lower_case)] = Field(
        "json", description="json: one JSON object a line, for machines; text: for people."
    )
