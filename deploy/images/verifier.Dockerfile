# syntax=docker/dockerfile:1
# The verifier alone, in an empty root. From the root of the project:
#
#     docker build -f deploy/images/verifier.Dockerfile -t zkl-verify .
#     docker run --rm --network none --read-only -v "$PWD:/work:ro" zkl-verify mean.receipt --trust keys.txt
#
# With BINARIES=prebuilt the binary is the one in target/image.
ARG RUST=docker.io/library/rust:1.95.0-slim-bookworm
ARG BINARIES=compiled

FROM ${RUST} AS compiled
WORKDIR /src
COPY . .
ARG COMMIT=unknown
RUN --mount=type=cache,target=/usr/local/cargo/registry --mount=type=cache,target=/src/target \
    ZKL_COMMIT=$COMMIT scripts/static_build.sh verifier /rootfs

FROM scratch AS prebuilt
COPY target/image/verifier /rootfs

# hadolint ignore=DL3006
FROM ${BINARIES} AS binaries

FROM scratch
ARG VERSION=unknown
ARG COMMIT=unknown
LABEL org.opencontainers.image.title="zkl-verify" \
      org.opencontainers.image.description="Verifies receipts of a ledger of datasets, offline" \
      org.opencontainers.image.licenses="MIT OR Apache-2.0" \
      org.opencontainers.image.source="https://github.com/zkp-dataset-ledger/zkp-dataset-ledger" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${COMMIT}"
COPY --from=binaries /rootfs/zkl-verify /zkl-verify
USER 65532:65532
WORKDIR /work
ENTRYPOINT ["/zkl-verify"]
