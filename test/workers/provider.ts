import type { TestProject } from "vitest/node";
import { type EngineTrace, engineTrace } from "../market/golden.ts";
import { startProvider } from "../provider/provider.ts";

/** What Node gives all Worker tests by `inject`: the address of one scripted provider, and what the market did here. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const provider = await startProvider();
  project.provide("providerUrl", provider.url);
  project.provide("nodeTrace", engineTrace());
  return () => provider.close();
}

declare module "vitest" {
  interface ProvidedContext {
    providerUrl: string;
    nodeTrace: EngineTrace;
  }
}
