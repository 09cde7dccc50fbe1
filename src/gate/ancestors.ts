/** The processes that started this one. */
import type { Host } from "../host/index.ts";

/** No program has so many ancestors; a process table that changes underfoot might seem to. */
const MOST_ANCESTORS = 64;

/** Their process IDs, the nearest first. */
export async function* ancestorsOf(host: Host): AsyncGenerator<string> {
  let pid = await parentOf(host, "self");
  for (let n = 0; n < MOST_ANCESTORS && pid !== undefined && pid !== "0"; n += 1) {
    yield pid;
    pid = await parentOf(host, pid);
  }
}

async function parentOf(host: Host, pid: string): Promise<string | undefined> {
  const status = (await host.readKernelFile(`/proc/${pid}/status`)) ?? "";
  return /^PPid:\s*(\d+)$/m.exec(status)?.[1];
}
