"""nginx in front of a server that needs one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.servers.running import find

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.servers.running import Programs

__all__ = ["find_nginx", "launch_nginx"]

_CONFIG = """\
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/nginx.log crit;
worker_processes 2;
events {{ }}
http {{
    access_log off;
    keepalive_requests 100000;
    client_max_body_size 100m;
    client_body_buffer_size 1m;
    client_body_temp_path {folder}/body;
    fastcgi_temp_path {folder}/fastcgi;
    proxy_temp_path {folder}/proxy;
    scgi_temp_path {folder}/scgi;
    uwsgi_temp_path {folder}/uwsgi;
    server {{
        listen 127.0.0.1:{port};
        location / {{
            {location}
        }}
    }}
}}
"""


def find_nginx() -> Path:
    """Return the program; raises NotHere."""
    return find("nginx-light", "nginx")[0]


def launch_nginx(programs: Programs, port: int, location: str) -> None:
    """Start it with these lines for every path; it keeps connections to clients open."""
    folder = programs.folder
    config = programs.write(
        "nginx.conf", _CONFIG.format(folder=folder, port=port, location=location)
    )
    programs.launch(find_nginx(), "-c", config, "-e", folder / "nginx.log")
