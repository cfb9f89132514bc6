# One image; web, worker, sender and beat differ by command (docker-compose.yml).
FROM python:3.11-slim-bookworm

ENV PYTHONUNBUFFERED=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_NO_CACHE_DIR=1 \
    DEBUG=0 \
    BIND=0.0.0.0:8000 \
    VAR_DIR=/var/lib/leads-infinitos

RUN groupadd --gid 10001 leads \
    && useradd --uid 10001 --gid leads --no-create-home --home-dir /app --shell /usr/sbin/nologin leads \
    && install --directory --owner leads --group leads "$VAR_DIR"

WORKDIR /app
# Before the code: a change of code does not install again.
COPY requirements.txt ./
RUN pip install --require-hashes --only-binary=:all: --requirement requirements.txt

COPY . .
# The key lives for this one command only; production brings its own, and a check refuses a short one.
RUN SECRET_KEY=only-to-collect-files VAR_DIR=/tmp/build python manage.py collectstatic --noinput --verbosity 0 \
    && rm -rf /tmp/build \
    && python -m compileall -q .

USER leads
VOLUME ["/var/lib/leads-infinitos"]
EXPOSE 8000

# Of the default command; the compose file gives the other services their own. The portal answers only to its names.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s CMD ["python", "-c", "\
import os, urllib.request as r; \
host = os.environ['ALLOWED_HOSTS'].split(',')[0].lstrip('.'); \
r.urlopen(r.Request('http://127.0.0.1:8000/healthz', headers={'Host': host}), timeout=4)"]

CMD ["gunicorn", "-c", "python:leads_infinitos.gunicorn_conf", "leads_infinitos.wsgi:application"]
