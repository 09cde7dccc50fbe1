import type { Host } from "../../host/index.ts";

/** Whether this is the network of process 1, and so of what the host starts at its boot. */
export async function isNetworkOfBoot(host: Host): Promise<boolean> {
  const [own, its] = await Promise.all(
    ["self", "1"].map((pid) => host.readLink(`/proc/${pid}/ns/net`)),
  );
  return own !== undefined && own === its;
}
