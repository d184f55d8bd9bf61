# Built nowhere yet: docs/deploy.md says what was tried. Weights and secrets are in no layer.
FROM python:3.12-slim AS build
WORKDIR /build
COPY requirements.txt .
RUN python -m venv /opt/venv && /opt/venv/bin/pip install --no-cache-dir --require-hashes -r requirements.txt

FROM python:3.12-slim AS app
RUN useradd --uid 10001 --create-home mattegate \
    && install -d -o mattegate -g mattegate /models /srv/static /var/lib/mattegate
COPY --from=build /opt/venv /opt/venv
WORKDIR /srv/mattegate
COPY . .
# The root is read-only: rembg's kernels, compiled at the first import, are kept beside the weights.
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 NUMBA_CACHE_DIR=/models/numba \
    VAR_DIR=/var/lib/mattegate WEIGHTS_DIR=/models
USER mattegate
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8300/healthz', timeout=4)"]
CMD ["python", "manage.py", "web"]

# With npm, which fetches one model's weights; nothing that serves anybody has it.
FROM app AS setup
USER root
RUN apt-get update && apt-get install -y --no-install-recommends npm && rm -rf /var/lib/apt/lists/*
USER mattegate
