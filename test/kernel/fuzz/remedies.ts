/** Takes out of a gate that stands what it has against IPv6 headers in odd places. */
import type { Holder } from "../holders.ts";
import type { Host } from "../host.ts";

/** From then on it judges IPv6 packets by the ports that netfilter finds, and by nothing else. */
export async function takeRemediesOut({ name }: Holder, host: Host): Promise<void> {
  await host.run(
    name === "nftables"
      ? ["nft", "delete", "table", "ip6", "postern"]
      : [name.replace("iptables", "ip6tables"), "-t", "raw", "-F", "POSTERN-headers"],
  );
}
