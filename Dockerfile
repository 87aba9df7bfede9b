# The bridge as a static program in an otherwise empty image.
#
#   docker build -t kazoolab .
#   docker run -p 8000:8000 -v kazoolab:/data -e KAZOOLAB_AMQP_URL=amqp://… kazoolab

FROM golang:1.26 AS build
WORKDIR /src
# Where modules come from; unset means Go's own default.
ARG GOPROXY
ARG GOSUMDB
ENV CGO_ENABLED=0 GOFLAGS="-trimpath -buildvcs=false"

# Modules change seldom, so their layers are kept: the download, and the compiled
# database, which takes longer than all the rest.
COPY go.mod go.sum ./
RUN go mod download
RUN go build modernc.org/sqlite

COPY . .
# Compiled before the version is known, so that builds of another version share it.
RUN go build -o /dev/null ./cmd/kazoolab
ARG VERSION
RUN go build -ldflags "-s -w -X github.com/kazoolab/kazoolab/internal/buildinfo.version=${VERSION}" \
      -o /out/kazoolab ./cmd/kazoolab \
 && mkdir /out/data

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /out/kazoolab /kazoolab
COPY --from=build --chown=65532:65532 /out/data /data

USER 65532:65532
# Also where SQLite puts its temporary files: the image has no /tmp.
WORKDIR /data
VOLUME /data
ENV KAZOOLAB_STORE=sqlite:/data/kazoolab.db \
    KAZOOLAB_REST_LISTEN=0.0.0.0:8000
EXPOSE 8000 5555
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s CMD ["/kazoolab", "health"]
ENTRYPOINT ["/kazoolab"]
CMD ["bridge"]
