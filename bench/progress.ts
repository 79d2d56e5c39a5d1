const everyMs = 10_000;
let toldAtMs = 0;

/** Where a long bench is, on standard error: one line that is written anew on a terminal, else one in ten seconds. */
export function progress(where: string): void {
  if (process.stderr.isTTY) {
    process.stderr.write(`\r\u001b[2K${where}`);
    return;
  }
  if (Date.now() - toldAtMs < everyMs) return;
  toldAtMs = Date.now();
  console.error(where);
}

/** Before what is printed for good. */
export function progressDone(): void {
  if (process.stderr.isTTY) process.stderr.write("\r\u001b[2K");
}
