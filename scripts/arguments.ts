import { type ParseArgsConfig, parseArgs } from "node:util";

type Options = NonNullable<ParseArgsConfig["options"]>;
type Parsed<T extends Options> = ReturnType<
  typeof parseArgs<{ args: string[]; allowPositionals: true; options: T & { help: { type: "boolean"; short: "h" } } }>
>;

/**
 * What stands behind a command. `--help` prints its usage and ends it with 0; an option nobody knows, or a word where
 * none belongs, says so with the usage and ends it with 2.
 */
export function argumentsOf<T extends Options>(usage: string, options: T, words = false): Parsed<T> {
  const args = process.argv.slice(2).filter((arg) => arg !== "--");
  try {
    const parsed = parseArgs({
      args,
      allowPositionals: words,
      options: { ...options, help: { type: "boolean", short: "h" } },
    });
    if ((parsed.values as { help?: boolean }).help !== true) return parsed as unknown as Parsed<T>;
    console.log(usage);
    process.exit(0);
  } catch (error) {
    // The parser's own advice is about positional arguments, which no command here has.
    const [what] = (error instanceof Error ? error.message : String(error)).split(". ");
    console.error(`${what}.\n\n${usage}`);
    process.exit(2);
  }
}

/** A whole number of at least `least`; else says which option is wrong and ends the command with 2. */
export function wholeNumber(option: string, given: string, least = 0): number {
  const value = Number(given);
  if (given.trim() !== "" && Number.isSafeInteger(value) && value >= least) return value;
  console.error(`--${option} ${given}: give a whole number of at least ${least}.`);
  process.exit(2);
}
