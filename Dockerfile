# Both commands, static, without the embedded ClickHouse.
FROM golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=container
RUN CGO_ENABLED=0 go build -trimpath -tags noembedded \
      -ldflags "-s -w -X github.com/errata-dev/errata/internal/cli.Version=${VERSION}" \
      -o /out/ ./cmd/ingest ./cmd/query

FROM gcr.io/distroless/static-debian12:nonroot
COPY --from=build /out/ingest /out/query /usr/local/bin/
USER nonroot
EXPOSE 9464
ENTRYPOINT ["/usr/local/bin/ingest"]
CMD ["run"]
