# Not yet tried. One image for web, worker and cron; model weights are not in it: they are fetched into a volume at start.
FROM python:3.12-slim
RUN apt-get update && apt-get install -y --no-install-recommends npm && rm -rf /var/lib/apt/lists/*
WORKDIR /srv/mattegate
COPY requirements.txt .
RUN pip install --no-cache-dir --require-hashes -r requirements.txt
COPY . .
RUN useradd --create-home mattegate && mkdir var && chown mattegate var
USER mattegate
ENV VAR_DIR=/srv/mattegate/var WEB_HOST=0.0.0.0 PYTHONUNBUFFERED=1 NUMBA_CACHE_DIR=/home/mattegate/numba
# rembg compiles its kernels at its first import: half a minute that each worker would pay.
RUN python -c 'import pipeline.engines, rembg'
# Runs one line of the Procfile, named by the argument: web, worker or cron.
ENTRYPOINT ["honcho", "start", "--no-prefix"]
CMD ["web"]
