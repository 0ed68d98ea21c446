# One file for two images:
#   docker build -t wrapup:cpu .
#   docker build -t wrapup:cuda --build-arg BASE=nvidia/cuda:12.8.1-cudnn-runtime-ubuntu24.04 \
#       --build-arg LOCKS=deploy/cuda.txt .
ARG BASE=python:3.13.7-slim-bookworm

FROM ${BASE} AS base
SHELL ["/bin/sh", "-eu", "-c"]
# Images of CUDA bring no Python; which one there is comes with the release that the tag names.
# hadolint ignore=DL3008
RUN if ! command -v python3 >/dev/null; then \
        apt-get update; \
        apt-get install -y --no-install-recommends python3 python3-venv; \
        rm -rf /var/lib/apt/lists/*; \
    fi

FROM base AS build
# Locks with hashes, with spaces between them; each of an extra has the base in it.
ARG LOCKS="requirements/kafka.txt requirements/postgres.txt requirements/llm.txt"
WORKDIR /src
COPY deploy/build.txt deploy/cuda.txt deploy/
COPY requirements/ requirements/
RUN python3 -m venv /opt/build; \
    /opt/build/bin/pip install --no-cache-dir --require-hashes -r deploy/build.txt
# rouge-score has no wheel. It is built with the setuptools that is pinned, not with one fetched for the build.
# hadolint ignore=SC2046
RUN /opt/build/bin/pip wheel --no-cache-dir --require-hashes --only-binary :all: --no-binary rouge-score \
        --no-build-isolation --wheel-dir /wheels $(printf -- '-r %s ' ${LOCKS})
COPY pyproject.toml README.md LICENSE NOTICE ./
COPY models/ models/
COPY pipeline/ pipeline/
COPY eval/ eval/
RUN /opt/build/bin/hatchling build -t wheel -d /wheels; \
    python3 -m venv /opt/wrapup; \
    /opt/wrapup/bin/pip install --no-cache-dir --no-index --no-deps /wheels/*.whl; \
    /opt/wrapup/bin/pip check; \
    /opt/wrapup/bin/pip uninstall -y pip

FROM base
RUN groupadd --system --gid 10001 wrapup; \
    useradd --system --uid 10001 --gid 10001 --no-create-home --home-dir /data wrapup; \
    install -d -m 700 -o wrapup -g wrapup /data /weights
COPY --from=build /opt/wrapup /opt/wrapup
# Variables named WRAPUP_ are settings, so that of the health check has another name.
ENV PATH=/opt/wrapup/bin:${PATH} \
    HOME=/data \
    PYTHONUNBUFFERED=1 \
    WRAPUP_WEIGHTS=/weights \
    HEALTH_URL=http://127.0.0.1:8080/healthz
USER 10001:10001
# wrapup.toml is read from here, and what is kept lies here by default.
WORKDIR /data
VOLUME ["/data", "/weights"]
EXPOSE 8080 9100
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python3", "-c", "import os, urllib.request as web; web.urlopen(os.environ['HEALTH_URL'], timeout=4)"]
ENTRYPOINT ["wrapup"]
CMD ["--help"]
