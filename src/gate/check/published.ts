/** Ports that the host's own NAT rules hand on, to containers and other hosts. */
import type { Translation } from "./nat/translation.ts";
import { portsMeet, type Service } from "./ports.ts";

/** Those that a rule names. */
export function publishedIn(translations: readonly Translation[]): Service[] {
  return translations.flatMap(({ packets: { protocols, ports = [] } }) =>
    protocols.flatMap((protocol) => ports.map((range) => ({ protocol, ports: range }))),
  );
}

/** Whether a rule may hand on packets to the service; one that names no port hands on all. */
export function mayBeHandedOn(
  { protocol, ports }: Service,
  translations: readonly Translation[],
): boolean {
  return translations.some(
    ({ packets }) =>
      packets.protocols.includes(protocol) &&
      packets.ports?.some((range) => portsMeet(range, ports)) !== false,
  );
}
