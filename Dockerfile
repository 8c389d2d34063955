# One image for every process; docker-compose.yml says which one a container runs.

FROM python:3.11-slim-bookworm AS dependencies
WORKDIR /build
COPY requirements.lock .
# uv itself comes from the lock, held by its hash.
RUN awk '/^uv==/ {on = 1} on {print} on && !/\\$/ {exit}' requirements.lock > uv.txt \
    && pip install --no-cache-dir --require-hashes --no-deps -r uv.txt \
    && python -m venv /venv \
    && uv pip sync --no-cache --compile-bytecode --python /venv/bin/python --require-hashes requirements.lock

FROM python:3.11-slim-bookworm
ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    DJANGO_SETTINGS_MODULE=trinity.settings \
    TRINITY_HOME=/var/lib/trinity
RUN useradd --system --uid 10001 --user-group --home-dir /var/lib/trinity --create-home trinity
COPY --from=dependencies /venv /venv
WORKDIR /app
COPY . .
RUN python -m compileall -q .
USER trinity
VOLUME /var/lib/trinity
EXPOSE 8000 8003
HEALTHCHECK --interval=10s --timeout=6s --start-period=30s CMD ["python", "-m", "trinity.stack", "probe"]
CMD ["python", "-m", "trinity.stack", "process", "web"]
