# The image of sessnode: its static binary, three empty folders, nothing else. No shell, no package, no root.
#
#   ./scripts/image.sh      builds the binary, lays out bin/image, and then the image from it; pulls nothing
#
# Run it with a read-only root and a volume at /data; docker-compose.cluster.yml shows all of it.
FROM scratch
LABEL org.opencontainers.image.title="sessnode" \
      org.opencontainers.image.description="A store for login sessions: three or five nodes that agree, whatever fails" \
      org.opencontainers.image.source="https://github.com/sessnode/sessnode" \
      org.opencontainers.image.licenses="Apache-2.0"

# Volumes get their owner from the folder that they cover: without a shell there is nobody to chown them later.
COPY --chown=65532:65532 data /data
COPY --chown=65532:65532 secrets /secrets
COPY sessnode LICENSE /

USER 65532:65532
ENV SESSNODE_DATA=/data
EXPOSE 7480/tcp 7481/tcp 7482/tcp 7482/udp
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=5s --timeout=3s --start-period=1m --retries=3 CMD ["/sessnode", "check"]
ENTRYPOINT ["/sessnode"]
CMD ["serve"]
