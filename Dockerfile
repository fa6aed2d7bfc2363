# One image for every process of an installation; the command chooses it: api, worker, sweep, watch DIR, migrate, up.
ARG PYTHON=python:3.11-slim-bookworm

FROM ${PYTHON} AS build
ENV PDM_CHECK_UPDATE=false PIP_DISABLE_PIP_VERSION_CHECK=1
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends binutils >/dev/null
RUN python -m venv /opt/pdm && /opt/pdm/bin/pip install --quiet "pdm[locked]"
RUN python -m venv --without-pip /opt/tenderlake
ENV VIRTUAL_ENV=/opt/tenderlake PDM_IGNORE_SAVED_PYTHON=1
WORKDIR /src
# What pdm.lock names, in a layer of its own: it changes rarely.
COPY pyproject.toml pdm.lock ./
RUN /opt/pdm/bin/pdm install --prod --group postgres --frozen-lockfile --no-self \
 && find /opt/tenderlake -name '*.so' -size +100M -exec strip --strip-unneeded {} + `# symbols of polars: 45 MB` \
 && rm /opt/tenderlake/lib/python3.11/site-packages/onnxruntime/capi/libonnxruntime.so.* # a second copy, for C: 36 MB
COPY . .
RUN /opt/pdm/bin/pdm install --prod --group postgres --frozen-lockfile --no-editable \
 && find /opt/tenderlake -type d \( -name tests -o -name __pycache__ \) -prune -exec rm -rf {} + \
 && python -m compileall -q -j 0 --invalidation-mode unchecked-hash /opt/tenderlake

FROM ${PYTHON}
ARG VERSION=0.1.0 REVISION=unknown CREATED=unknown
LABEL org.opencontainers.image.title="tenderlake" \
      org.opencontainers.image.description="Event-driven ingestion platform for public-procurement data: OCDS in, a star schema and search out" \
      org.opencontainers.image.licenses="AGPL-3.0-or-later" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.created="${CREATED}"
RUN groupadd --gid 10001 tenderlake \
 && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /data --shell /usr/sbin/nologin tenderlake \
 && install -d -o tenderlake -g tenderlake -m 0700 /data /incoming
COPY --from=build /opt/tenderlake /opt/tenderlake
ENV PATH=/opt/tenderlake/bin:$PATH \
    PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    TENDERLAKE_DATA_DIR=/data TENDERLAKE_HOST=0.0.0.0 TENDERLAKE_HEARTBEAT_FILE=/tmp/tenderlake-heartbeat
USER tenderlake
WORKDIR /data
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s CMD ["tenderlake-health"]
ENTRYPOINT ["tenderlake"]
CMD ["up"]
