# The portal's image: web, worker, beat and migrate run from it (docker-compose.yml names the commands).

FROM python:3.11-slim-bookworm AS build
WORKDIR /app
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 UV_NO_CACHE=1 UV_LINK_MODE=copy
COPY requirements/uv.txt requirements/run.txt requirements/
RUN python -m venv /opt/uv \
    && /opt/uv/bin/pip install -q --require-hashes -r requirements/uv.txt \
    && python -m venv --without-pip /opt/venv \
    && /opt/uv/bin/uv pip sync -q --compile-bytecode --python /opt/venv --require-hashes requirements/run.txt
COPY . .
# collectstatic needs settings that stand, none of them secret: these live for this one command.
RUN PATH=/opt/venv/bin:$PATH && python -m eboks.assets \
    && DJANGO_SETTINGS_MODULE=eboks.settings.base DATA_DIR=/tmp SITE_URL=https://build.invalid ALLOWED_HOSTS=build.invalid \
       SECRET_KEY="$(python -c 'import secrets; print(secrets.token_urlsafe(64))')" DATABASE_URL=postgres://build.invalid/none \
       REDIS_URL=redis://build.invalid EMAIL_URL=smtp://build.invalid DEFAULT_FROM_EMAIL=build@build.invalid \
       EBOK_SMS_URL=https://build.invalid/sms \
       python manage.py collectstatic --noinput -v 0 \
    && python -m compileall -q eboks contracts invoicing

FROM python:3.11-slim-bookworm
RUN apt-get update \
    && apt-get install -y --no-install-recommends libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin ebok \
    && install -d -o ebok -g ebok -m 700 /data /data/documents /data/anchors /data/beat /data/statements
COPY --from=build /opt/venv /opt/venv
COPY --from=build /app /app
WORKDIR /app
ENV PATH=/opt/venv/bin:$PATH PYTHONPATH=/app PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    DJANGO_SETTINGS_MODULE=eboks.settings.base DATA_DIR=/data HOME=/tmp
USER 10001:10001
EXPOSE 8000
CMD ["gunicorn", "--config", "deploy/gunicorn.conf.py", "eboks.wsgi"]
