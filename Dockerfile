# The app as one static binary, without a shell, as a user who owns nothing.
FROM golang:1.26.8-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN CGO_ENABLED=0 go build -trimpath -ldflags="-s -w" -o /out/app ./app && mkdir /out/home

FROM gcr.io/distroless/static-debian12:nonroot
COPY --from=build --chown=nonroot:nonroot /out/home /home/app
COPY --from=build /out/app /usr/local/bin/app
WORKDIR /home/app
# Set, the app listens on all interfaces. DATABASE_URL names the database: there is none in here.
ENV PORT=9292
EXPOSE 9292
HEALTHCHECK --interval=5s --timeout=3s --start-period=20s --retries=5 CMD ["app", "probe"]
ENTRYPOINT ["app"]
