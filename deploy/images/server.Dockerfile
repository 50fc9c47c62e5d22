# syntax=docker/dockerfile:1
# The server with every store, and `zkl` for what is done beside it. From the root of the project:
#
#     docker build -f deploy/images/server.Dockerfile -t zkl-server .
#
# With BINARIES=prebuilt the binaries are those in target/image (`scripts/images.sh` puts them there) and nothing is compiled.
ARG RUST=docker.io/library/rust:1.95.0-slim-bookworm
ARG RUNTIME=gcr.io/distroless/cc-debian12:nonroot
ARG BINARIES=compiled

FROM ${RUST} AS compiled
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends g++ libbz2-dev libclang-dev liblz4-dev librocksdb-dev libsnappy-dev libzstd-dev pkg-config zlib1g-dev \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .
ARG COMMIT=unknown
# Crates and build outputs are kept between builds, and are no part of the image.
RUN --mount=type=cache,target=/usr/local/cargo/registry --mount=type=cache,target=/src/target \
    ZKL_COMMIT=$COMMIT scripts/static_build.sh server /rootfs/usr/local/bin \
    && mkdir -p /rootfs/var/lib/zkl /rootfs/var/cache/zkl

FROM scratch AS prebuilt
COPY target/image/server /rootfs

# hadolint ignore=DL3006
FROM ${BINARIES} AS binaries

# hadolint ignore=DL3006
FROM ${RUNTIME}
ARG VERSION=unknown
ARG COMMIT=unknown
LABEL org.opencontainers.image.title="zkl-server" \
      org.opencontainers.image.description="A ledger of datasets behind HTTP, and the program zkl" \
      org.opencontainers.image.licenses="MIT OR Apache-2.0" \
      org.opencontainers.image.source="https://github.com/zkp-dataset-ledger/zkp-dataset-ledger" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${COMMIT}"
COPY --from=binaries /rootfs/usr/local/bin /usr/local/bin
# Volumes take their owner from here.
COPY --from=binaries --chown=65532:65532 /rootfs/var /var
ENV PATH=/usr/local/bin \
    ZKL_LEDGER=/var/lib/zkl/ledger \
    ZKL_KEYS=/var/cache/zkl \
    ZKL_LISTEN=0.0.0.0:8400 \
    ZKL_METRICS_LISTEN=0.0.0.0:8401 \
    ZKL_LOG=json
USER 65532:65532
WORKDIR /var/lib/zkl
# Clients; metrics and health, which are for the operator's machines.
EXPOSE 8400 8401
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s CMD ["/usr/local/bin/zkl-server", "health"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["/usr/local/bin/zkl-server"]
CMD ["serve"]
