# Atomic on your own machines, see docs/on-premise.md:
#   docker build -t atomic .
#   docker run -p 8787:8787 -v atomic:/data -e ATOMIC_API_KEY -e ATOMIC_LLM_URL -e ATOMIC_LLM_MODEL atomic
FROM node:24-bookworm-slim
WORKDIR /opt/atomic
RUN mkdir /data && chown node:node /data /opt/atomic
USER node
COPY --chown=node:node . .
# Installs what the lock file names and builds what is started; of Node this image has one already.
RUN npm run -s serve -- --build && rm -rf node_modules/node-linux-* && npm cache clean --force
VOLUME /data
EXPOSE 8787
# Nothing is open without a key, so the check has the operator's.
HEALTHCHECK --start-period=60s CMD ["node", "-e", "fetch('http://127.0.0.1:8787/healthz', { headers: { authorization: 'Bearer ' + process.env.ATOMIC_API_KEY } }).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
# Without npm, so that signals arrive. Options of `npm run serve` go behind the image's name.
ENTRYPOINT ["node", "scripts/run.mjs", "serve", "--data", "/data", "--host", "0.0.0.0"]
