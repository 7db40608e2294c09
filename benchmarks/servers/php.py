"""A PHP application behind nginx: workers of php-fpm with opcache."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.servers.running import find

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.servers.running import Programs

__all__ = ["WORKERS", "launch_php", "programs_for_php"]

#: Of php-fpm. More than the cores, as each waits for the database as well.
WORKERS = 4

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
php_admin_value[opcache.enable] = 1
{settings}
"""
_NGINX = """\
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/nginx.log;
worker_processes 2;
events {{ }}
http {{
    access_log off;
    tcp_nodelay on;
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
        }}
    }}
}}
"""


def programs_for_php() -> tuple[Path, Path]:
    """Return php-fpm and nginx; raises NotHere."""
    fpm, nginx = find("php-fpm nginx-light", "/usr/sbin/php-fpm*", "nginx")
    return fpm, nginx


def launch_php(
    programs: Programs,
    port: int,
    root: str | Path,
    script: str,
    *,
    name: str = "127.0.0.1",
    **settings: str,
) -> None:
    """Serve one script, which begins with a slash, from the folder `root`, and wait for it.

    `name` is what the script is told of its server; `settings` are PHP's, a dot written `__`.
    """
    fpm, nginx = programs_for_php()
    folder = programs.folder
    lines = [f"php_admin_value[{k.replace('__', '.')}] = {v}" for k, v in settings.items()]
    fpm_conf = programs.write(
        "fpm.conf", _FPM.format(folder=folder, workers=WORKERS, settings="\n".join(lines))
    )
    nginx_conf = programs.write(
        "nginx.conf", _NGINX.format(folder=folder, port=port, root=root, script=script, name=name)
    )
    programs.launch(fpm, "--nodaemonize", "--fpm-config", fpm_conf)
    programs.launch(nginx, "-c", nginx_conf, "-e", folder / "nginx.log")
    programs.wait_for(port, f"{script}/")
