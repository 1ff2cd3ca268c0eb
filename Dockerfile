# reportdata with its data in /data. Both stages have the same Python, at the same path.

FROM python:3.13-slim-bookworm AS build
WORKDIR /build
COPY requirements/run.txt requirements/
RUN python -m venv /usr/local/lib/reportdata
RUN /usr/local/lib/reportdata/bin/pip install --require-hashes --requirement requirements/run.txt
COPY pyproject.toml hatch_build.py README.md LICENSE ./
COPY src src
RUN /usr/local/lib/reportdata/bin/pip install --no-deps --no-build-isolation .

FROM python:3.13-slim-bookworm
RUN useradd --system --user-group --uid 10001 --no-create-home --home-dir /data --shell /usr/sbin/nologin reportdata
RUN install -d -m 0700 -o reportdata -g reportdata /data /backups
COPY --from=build /usr/local/lib/reportdata /usr/local/lib/reportdata
ENV PATH=/usr/local/lib/reportdata/bin:$PATH \
    REPORTDATA_DATA=/data \
    REPORTDATA_OPERATIONS_HOST=0.0.0.0 \
    REPORTDATA_OPERATIONS_PORT=9090
USER reportdata
WORKDIR /data
VOLUME /data
EXPOSE 8080 9090
# On the port for operators, which never speaks TLS.
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s \
    CMD ["python", "-c", "from http.client import HTTPConnection as C; c = C('127.0.0.1', 9090, timeout=4); c.request('GET', '/healthz'); raise SystemExit(c.getresponse().status != 200)"]
ENTRYPOINT ["reportdata"]
CMD ["serve", "--host", "0.0.0.0"]
