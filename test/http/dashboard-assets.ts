import { readFile } from "node:fs/promises";
import { join, normalize } from "node:path";

const root = new URL("../../src/dashboard/", import.meta.url).pathname;
const types: Record<string, string> = {
  html: "text/html; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  css: "text/css; charset=utf-8",
  svg: "image/svg+xml",
};

/** The dashboard's files as the platform's asset store serves them: by their exact names. */
export async function dashboardAssets(request: Request): Promise<Response> {
  const { pathname } = new URL(request.url);
  const path = normalize(decodeURIComponent(pathname));
  try {
    const type = types[path.split(".").at(-1) ?? ""] ?? "application/octet-stream";
    return new Response(await readFile(join(root, path)), { headers: { "content-type": type } });
  } catch {
    return new Response("Not found", { status: 404 });
  }
}
