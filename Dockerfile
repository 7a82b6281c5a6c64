# The whole assistant in one container, as `make run` starts it, by a user without rights.
#
#   docker build -t voice-assistant .
#   docker run -p 127.0.0.1:8000:8000 -v assistant:/data voice-assistant
#
# The model files are fetched into the volume at the first start, and verified at each one.
# PIP_EXTRA_INDEX_URL can name PyTorch's own index of CPU builds, which saves gigabytes of CUDA.

FROM python:3.11-slim-bookworm AS packages
ARG PIP_EXTRA_INDEX_URL=
WORKDIR /app
COPY requirements.txt .
RUN --mount=type=cache,target=/root/.cache/pip \
    python3 -m venv .venv && .venv/bin/pip install --disable-pip-version-check -r requirements.txt

FROM python:3.11-slim-bookworm
RUN useradd --create-home --uid 1000 assistant \
    && install -d -o assistant -g assistant /data
WORKDIR /app
COPY --from=packages /app/.venv .venv
COPY assistant assistant
COPY speech speech
COPY workers workers
COPY web web
USER assistant
ENV PATH=/app/.venv/bin:$PATH PYTHONUNBUFFERED=1 HOST=0.0.0.0 PORT=8000 DATA_DIR=/data
VOLUME /data
EXPOSE 8000
# The first start fetches 1.5 GB of models.
HEALTHCHECK --start-period=10m --interval=10s CMD ["python", "-c", \
    "import os, urllib.request as r; r.urlopen(f'http://127.0.0.1:{os.environ[\"PORT\"]}/readyz')"]
CMD ["python", "-m", "workers.launch"]
