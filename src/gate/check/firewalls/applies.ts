/** Whether a rule takes a packet, as far as that can be known without sending it. */
import { type Ports, portsMeet } from "../ports.ts";

/** `perhaps` where it hangs on what nobody knows beforehand. */
export type Applies = "always" | "perhaps" | "never";

export function both(a: Applies, b: Applies): Applies {
  if (a === "never" || b === "never") return "never";
  return a === "always" ? b : a;
}

export function inverted(applies: Applies): Applies {
  if (applies === "perhaps") return applies;
  return applies === "always" ? "never" : "always";
}

/** Whether the ports are among others; some of several are `perhaps`. */
export function judgePorts(ports: Ports, others: readonly Ports[]): Applies {
  if (others.some(({ first, last }) => first <= ports.first && ports.last <= last)) return "always";
  return others.some((other) => portsMeet(ports, other)) ? "perhaps" : "never";
}
