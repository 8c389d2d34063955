# One image for every process; docker-compose.yml says which one a container runs.

# A base by its digest is the same one tomorrow. docs/operations.md says how to take a newer one.
ARG PYTHON_IMAGE=python:3.11-slim-bookworm@sha256:a36c24f9cbdf4fd0f52d67f0823eeac19c2028c637cecc392d97f980d4fec56b

FROM ${PYTHON_IMAGE} AS dependencies
WORKDIR /build
COPY requirements.lock requirements-server.lock ./
# uv itself comes from the lock, held by its hash; it stays in this stage.
RUN awk '/^uv==/ {on = 1} on {print} on && !/\\$/ {exit}' requirements.lock > uv.txt \
    && pip install --no-cache-dir --require-hashes --no-deps -r uv.txt \
    && python -m venv --without-pip /venv \
    && uv pip sync --no-cache --compile-bytecode --python /venv/bin/python --require-hashes requirements-server.lock

FROM ${PYTHON_IMAGE}
# The base brings an installer, which a server has no use for.
RUN python -m pip uninstall --yes --quiet --root-user-action=ignore setuptools wheel pip \
    && rm -rf /usr/local/lib/python3.11/ensurepip
ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    DJANGO_SETTINGS_MODULE=trinity.settings \
    TRINITY_HOME=/var/lib/trinity
RUN useradd --system --uid 10001 --user-group --home-dir /var/lib/trinity --create-home trinity \
    && install --directory --owner trinity --group trinity --mode 700 /var/lib/trinity-seal
COPY --from=dependencies /venv /venv
WORKDIR /app
COPY . .
RUN python -m compileall -q .
USER trinity
VOLUME /var/lib/trinity
EXPOSE 8000 8003
HEALTHCHECK --interval=10s --timeout=6s --start-period=30s CMD ["python", "-m", "trinity.stack", "probe"]
CMD ["python", "-m", "trinity.stack", "process", "web"]
