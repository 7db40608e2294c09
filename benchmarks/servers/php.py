"""A PHP application behind nginx: workers of php-fpm with opcache."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.servers.nginx import find_nginx, launch_nginx
from benchmarks.servers.running import find

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.servers.running import Programs

__all__ = ["find_php", "launch_php"]

#: Of php-fpm. More than the cores, as each waits for the database as well.
_WORKERS = 4

_FPM = """\
[global]
error_log = {folder}/fpm.log
[www]
listen = {folder}/fpm.sock
pm = static
pm.max_children = {workers}
catch_workers_output = yes
php_admin_flag[log_errors] = on
php_admin_flag[display_errors] = off
php_admin_flag[opcache.enable] = on
php_admin_value[error_reporting] = {reported}
php_admin_value[include_path] = {include_path}
"""
_LOCATION = """\
fastcgi_pass unix:{folder}/fpm.sock;
fastcgi_buffers 64 64k;
fastcgi_buffer_size 64k;
fastcgi_split_path_info ^({script})(/.*)$;
fastcgi_param SCRIPT_FILENAME {root}{script};
fastcgi_param SCRIPT_NAME {script};
fastcgi_param PATH_INFO $fastcgi_path_info;
fastcgi_param REQUEST_URI $request_uri;
fastcgi_param QUERY_STRING $query_string;
fastcgi_param REQUEST_METHOD $request_method;
fastcgi_param CONTENT_TYPE $content_type;
fastcgi_param CONTENT_LENGTH $content_length;
fastcgi_param DOCUMENT_ROOT {root};
fastcgi_param SERVER_PROTOCOL $server_protocol;
fastcgi_param SERVER_NAME {name};
fastcgi_param SERVER_ADDR $server_addr;
fastcgi_param SERVER_PORT $server_port;
fastcgi_param REMOTE_ADDR $remote_addr;
fastcgi_param HTTP_HOST $http_host;
fastcgi_param GATEWAY_INTERFACE CGI/1.1;
"""
_ERRORS = 1 | 4 | 16 | 64 | 256 | 4096  # E_ERROR and the like; no warnings, no deprecations


def find_php() -> Path:
    """Return php-fpm, having looked for nginx too; raises NotHere."""
    find_nginx()
    return find("php-fpm", "/usr/sbin/php-fpm*")[0]


def launch_php(
    programs: Programs,
    port: int,
    root: str | Path,
    script: str,
    include_path: str,
    name: str = "127.0.0.1",
) -> None:
    """Serve one script, which begins with a slash, from the folder `root`, and wait for it.

    `name` is what the script is told of its server.
    """
    folder = programs.folder
    config = _FPM.format(
        folder=folder, workers=_WORKERS, include_path=include_path, reported=_ERRORS
    )
    programs.launch(find_php(), "--nodaemonize", "--fpm-config", programs.write("fpm.conf", config))
    location = _LOCATION.format(folder=folder, root=root, script=script, name=name)
    launch_nginx(programs, port, location)
    programs.wait_for(port, f"{script}/")
