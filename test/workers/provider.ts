import type { TestProject } from "vitest/node";
import { startProvider } from "../provider/provider.ts";

/** One scripted provider for all Worker tests; its address reaches them by `inject("providerUrl")`. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const provider = await startProvider();
  project.provide("providerUrl", provider.url);
  return () => provider.close();
}

declare module "vitest" {
  interface ProvidedContext {
    providerUrl: string;
  }
}
