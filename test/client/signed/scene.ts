/**
 * Signed knocks in virtual time, at a gate that judges them as a real one does: with real keys, the
 * real `ssh-keygen` and a real agent.
 */
import {
  chooseMeans,
  clientDoorsOf,
  type Errand,
  knock,
  type Outcome,
  planOf,
  prepareSigning,
  type Via,
} from "../../../src/client/index.ts";
import { parseBind } from "../../../src/client/signed/bind.ts";
import type { Host } from "../../../src/host/index.ts";
import type { HostName, Policy } from "../../../src/policy/policy.ts";
import { makeSealingKey, type Verdict } from "../../../src/signed/index.ts";
import { policyOf } from "../../setup/policy.ts";
import { sure } from "../../setup/sure.ts";
import { FakeNetwork, type Site } from "../fake-network.ts";
import type { Signers } from "../signed-gate.ts";
import { KEY } from "../token-gate.ts";
import { type Home, type HomeOptions, livingAlone } from "./keys.ts";

export const [V4, V6] = ["203.0.113.5", "2001:db8:1::1"] as const;
const GATE = "gate.example.org" as HostName;
const SEALING_KEY = makeSealingKey();

/** The policy of a door that protects tcp/22, with these carriers. */
export function withSigned(carriers: string, ofSigned = ""): Policy {
  return policyOf(
    `{ doors: { ssh: { protects: tcp/22, signed: { carriers: [${carriers}]${ofSigned} } } } }`,
  );
}

const BOTH = withSigned("ping, udp/62201");

/** Of whom a gate is that takes these keys. */
function signersOf(keys: readonly string[]): Signers {
  return { sealingKey: SEALING_KEY, allowed: keys.map((key) => `ana ${key}`).join("\n") };
}

export interface Wanted extends HomeOptions {
  readonly policy?: Policy;
  readonly sites?: readonly Partial<Site>[];
  readonly identity?: string;
  readonly bind?: string;
  readonly isBatch?: boolean;
  readonly via?: Via;
  readonly watch?: Errand["watch"];
}

export interface Knocked {
  readonly network: FakeNetwork;
  readonly outcome: Outcome;
  /** The first of its addresses. */
  readonly first: Outcome["addresses"][number] | undefined;
  readonly told: readonly string[];
  /** What the gate thought of each packet. */
  readonly verdicts: readonly string[];
}

/** Gives every test somebody with a home of their own. */
export function somebody() {
  const home = livingAlone();
  return {
    home,
    /** Knocks as `postern knock` does, at a gate that takes these keys. */
    knockAt: (keys: readonly string[], wanted: Wanted = {}) => knockFrom(home(), keys, wanted),
  };
}

async function knockFrom(home: Home, keys: readonly string[], wanted: Wanted): Promise<Knocked> {
  const { policy = BOTH, sites = [{}] } = wanted;
  const signers = signersOf(keys);
  const network = new FakeNetwork(
    ...sites.map((site) => ({ address: V4, policy, signers, ...site })),
  );
  const host = home.on(network.host, network.clock, wanted);
  const told: string[] = [];
  const tell = (line: string) => {
    told.push(line);
  };
  const outcome = await network.clock.run(runErrand(host, policy, wanted, tell));
  const verdicts = network.signedAt().verdicts.map(printVerdict);
  return { network, outcome, first: outcome.addresses[0], told, verdicts };
}

async function runErrand(
  host: Host,
  policy: Policy,
  { identity, bind, isBatch = false, via, watch = () => undefined }: Wanted,
  tell: (line: string) => void,
): Promise<Outcome> {
  const [door] = clientDoorsOf(policy);
  if (door === undefined) throw new Error("runErrand: there is no door");
  const key = door.token === undefined ? undefined : KEY;
  const ofProfile = { identity: undefined, bind: undefined, sealingKey: SEALING_KEY.publicKey };
  const prepared = await prepareSigning(
    host,
    { name: GATE, choice: { ...ofProfile, door, key }, means: sure(chooseMeans(door, via)) },
    {
      ...{ identity, isBatch, tell },
      bind: bind === undefined ? undefined : sure(parseBind({ text: bind })),
    },
  );
  return await knock(host, {
    ...{ host: GATE, family: undefined, key, tell, watch },
    ...planOf(door, { wait: true }),
    ...sure(prepared),
  });
}

function printVerdict(verdict: Verdict): string {
  return verdict.kind === "opens" ? `opens for ${verdict.client}` : verdict.reason;
}
