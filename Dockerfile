# The app alone; PostgreSQL stands beside it (compose.yaml). One image serves, imports, backs up and upgrades:
#   docker build -t groundwork .
#   docker run --rm groundwork ./groundwork --help
FROM node:24-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci
COPY . .
RUN npm run build

# What runs: no tools, no tests, neither the bundler's binaries nor the PostgreSQL that comes with the packages.
FROM node:24-bookworm-slim AS packages
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --omit=optional && npm cache clean --force

FROM node:24-bookworm-slim
WORKDIR /app
ENV NODE_ENV=production HOST=0.0.0.0 PORT=3000 DATA_DIR=/data
COPY --from=packages /app/node_modules ./node_modules
COPY package.json package-lock.json vite.config.ts groundwork LICENSE ./
COPY migrations ./migrations
COPY packs ./packs
COPY src ./src
COPY --from=build /app/dist ./dist
RUN install -d -o node -g node -m 0700 /data
USER node
VOLUME /data
EXPOSE 3000
# The first start migrates and loads the packs, and with a large update that may take a while.
HEALTHCHECK --interval=10s --timeout=3s --start-period=120s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:'+(process.env.PORT||3000)+'/healthz').then((r)=>process.exit(r.ok?0:1),()=>process.exit(1))"]
STOPSIGNAL SIGTERM
CMD ["node", "src/http/main.ts"]
