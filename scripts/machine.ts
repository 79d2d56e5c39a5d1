import { createServer } from "node:net";
import { resolve } from "node:path";

/** The project's own folder. */
export const root = resolve(import.meta.dirname, "..");

export const freePort = (): Promise<number> =>
  new Promise((done, failed) => {
    const server = createServer();
    server.on("error", failed);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => done(typeof address === "object" && address !== null ? address.port : 0));
    });
  });

/** Is something listening there? */
export const inUse = (port: number, host = "127.0.0.1"): Promise<boolean> =>
  new Promise((done) => {
    const server = createServer();
    server.once("error", () => done(true));
    server.listen(port, host, () => server.close(() => done(false)));
  });
