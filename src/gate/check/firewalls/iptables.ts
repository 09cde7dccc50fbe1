/** Rules of iptables, as `iptables-save` prints them. */
import type { Service } from "../ports.ts";
import { type Applies, both, inverted, judgePorts } from "./applies.ts";
import type { Chains, Rule, Then } from "./endings.ts";

export interface Table {
  readonly chains: Chains;
  /** What becomes of what comes to the end of INPUT. */
  readonly policy: "accept" | "stop";
}

/** The rules as they meet the first packet of a connection from another host to the service. */
export function parseTable(saved: string, service: Service): Table {
  const lines = saved.split("\n");
  const names = lines.flatMap((line) => /^:(\S+) /.exec(line)?.[1] ?? []);
  const chains = new Map(names.map((name): [string, Rule[]] => [name, []]));
  for (const line of lines) {
    const [flag, chain = "", ...words] = wordsOf(line);
    if (flag === "-A") chains.get(chain)?.push(parseRule(words, service, chains));
  }
  return { chains, policy: /^:INPUT DROP /m.test(saved) ? "stop" : "accept" };
}

function wordsOf(line: string): string[] {
  return [...line.matchAll(/"((?:[^"\\]|\\.)*)"|\S+/g)].map(([word, quoted]) => quoted ?? word);
}

/** Options that say nothing of a packet, with the one word after them. */
const SILENT = ["-m", "--match", "--comment"];

function parseRule(
  words: readonly string[],
  service: Service,
  chains: ReadonlyMap<string, unknown>,
): Rule {
  let applies: Applies = "always";
  let isInverted = false;
  for (let n = 0; n < words.length; n += 1) {
    const [option = "", value = ""] = [words[n], words[n + 1]];
    // Who reads the queue may let it through.
    if (value === "NFQUEUE") return { applies: both(applies, "perhaps"), then: { kind: "accept" } };
    if (option === "-j" || option === "-g") return { applies, then: thenOf(option, value, chains) };
    if (option === "!") isInverted = true;
    else if (SILENT.includes(option)) n += 1;
    else if (option.startsWith("-")) {
      const one = judge(option, value, service);
      applies = both(applies, isInverted ? inverted(one) : one);
      isInverted = false;
    }
  }
  return { applies, then: { kind: "go on" } };
}

function thenOf(option: "-j" | "-g", target: string, chains: ReadonlyMap<string, unknown>): Then {
  if (target === "ACCEPT") return { kind: "accept" };
  if (target === "DROP" || target === "REJECT") return { kind: "stop" };
  if (target === "RETURN") return { kind: "return" };
  if (!chains.has(target)) return { kind: "go on" };
  return { kind: option === "-j" ? "jump" : "goto", chain: target };
}

function judge(option: string, value: string, { protocol, ports }: Service): Applies {
  switch (option) {
    case "-p":
    case "--protocol":
      return value === "all" || value === protocol ? "always" : "never";
    case "--dport":
    case "--dports":
    case "--destination-port":
    case "--destination-ports":
      return judgePorts(
        ports,
        value.split(",").map((part) => {
          const [first = 0, last = first] = part.split(":").map(Number);
          return { first, last };
        }),
      );
    case "--ctstate":
    case "--state":
      return value.split(",").includes("NEW") ? "always" : "never";
    case "-i":
    case "--in-interface":
      return value === "lo" ? "never" : "perhaps";
    default:
      return "perhaps";
  }
}
