/**
 * Sequences that manuals and tutorials show. Many are copied as they are, and an attacker who tries a few
 * dozen of them gets through those doors.
 */
import type { Step } from "../policy/policy.ts";

interface Published {
  readonly ports: readonly number[];
  /** Where it is shown. */
  readonly by: string;
}

const PUBLISHED: readonly Published[] = [
  { ports: [7000, 8000, 9000], by: "knockd's own configuration" },
  { ports: [2222, 3333, 4444], by: "knockd's manual" },
  { ports: [12345, 54321, 24680, 13579], by: "knockd's own configuration" },
  { ports: [123, 456, 789], by: "the manual of knock" },
  { ports: [8284, 4721, 18592, 42912], by: "the manual of knock" },
  { ports: [7000, 8500, 9000], by: "tutorials on knockd" },
  { ports: [5438, 3428, 3280, 4479], by: "tutorials on knockd" },
  { ports: [7469, 8475, 9842], by: "write-ups of a training machine" },
  { ports: [4444, 3333, 5555], by: "tutorials on knockd" },
  { ports: [51001, 51002, 51003], by: "an article on port knocking with iptables" },
  { ports: [8881, 7777, 9991], by: "tutorials on iptables" },
  { ports: [571, 290, 911, 115], by: "lists of knocks for training machines" },
  { ports: [1234, 5678, 9012], by: "tutorials on port knocking" },
  { ports: [1234, 5678, 9123], by: "tutorials on port knocking" },
  { ports: [1111, 2222, 3333], by: "tutorials on port knocking" },
  { ports: [1026, 1027, 1029, 1034, 1026, 1044, 1035], by: "the Linux Journal" },
  { ports: [2003, 2001, 2005], by: "the examples of xt_pknock" },
  { ports: [4002, 4001, 4004], by: "the manual of xt_pknock" },
  { ports: [123, 234, 345, 456], by: "tutorials on nftables" },
  { ports: [10000, 2345, 3456, 1234], by: "tutorials on nftables" },
  { ports: [100, 200, 300, 400], by: "the configuration of csf" },
  { ports: [9000, 6000], by: "MikroTik's manual" },
  { ports: [888, 555, 222], by: "MikroTik's manual" },
  { ports: [333, 777, 888], by: "tutorials on MikroTik" },
  { ports: [547, 879, 47], by: "tutorials on MikroTik" },
];

/** Who shows these ports, in any order and over either protocol; undefined: nobody known. */
export function publisherOf(steps: readonly Step[]): string | undefined {
  if (steps.some(({ kind }) => kind === "ping")) return undefined;
  const ports = steps.flatMap((step) => (step.kind === "port" ? [step.port] : []));
  return BY_PORTS.get(keyOf(ports));
}

/** Of the ports alone: a tutorial that is followed in another order is still followed. */
function keyOf(ports: readonly number[]): string {
  return ports.toSorted((a, b) => a - b).join();
}

const BY_PORTS: ReadonlyMap<string, string> = new Map(
  PUBLISHED.map(({ ports, by }) => [keyOf(ports), by]),
);
