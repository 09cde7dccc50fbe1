/** Every backend there is. */
import type { Backend } from "./backend.ts";
import { iptables } from "./iptables/index.ts";
import { nftables } from "./nftables/index.ts";

/** The ones to prefer come first. */
export const BACKENDS: readonly Backend[] = [nftables, iptables];
