/** Our own gate: doors of signed knocks and an agent, and of one-time tokens beside. */
import { generateKeyPairSync } from "node:crypto";
import { mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Address } from "../../src/policy/address.ts";
import { parseSealingKey } from "../../src/signed/index.ts";
import type { Host } from "../../test/kernel/host.ts";
import { signedKnock } from "../../test/kernel/signed-knock.ts";
import { until } from "../../test/kernel/until.ts";
import { sure } from "../../test/setup/sure.ts";
import { makeSigner, signerOf, type TestSigner } from "../../test/signed/signer.ts";
import {
  type DaemonSite,
  datagram,
  echoRequest,
  frameTo,
  makeHosts,
  onOneProcessor,
  type Way,
} from "../lab/site.ts";
import { TOKEN_PORT } from "../lab/ways.ts";
import { POSTERN } from "../timing/side-by-side.ts";

export const CARRIERS = ["ping", "udp/62201", "udp/62202", "udp/62203"] as const;
/** A client may knock 30 times a minute. */
const CLIENTS = 40;

const POLICY = `backend: nftables
doors:
  ssh:
    protects: tcp/22
    open-for: 10m
    signed: { carriers: [${CARRIERS.join(", ")}] }
    token: { carriers: [udp/${TOKEN_PORT}], clients: 1 }
`;

export interface PosternSite extends DaemonSite {
  readonly signers: readonly TestSigner[];
  readonly rsaSigner: TestSigner;
  readonly sealingPublicKey: Uint8Array;
  /** The argument vector of a command on the gate's host. */
  readonly postern: (...words: readonly string[]) => string[];
  /** The file of who may knock. */
  readonly signersFile: string;
  /** What the agent says that it has done, and when it said so (milliseconds). */
  readonly counts: () => Counts;
}

export interface Counts {
  readonly notedAt: number;
  readonly opened: number;
  readonly lost: number;
  readonly refused: Readonly<Record<string, number>>;
}

export async function makePostern(): Promise<PosternSite> {
  const network = await makeHosts();
  const { server } = network;
  const folder = server.newPath("etc");
  mkdirSync(folder, { mode: 0o700 });
  const signers = Array.from({ length: CLIENTS }, () => makeSigner("ssh-ed25519"));
  const rsa = generateKeyPairSync("rsa", { modulusLength: 3072 });
  const rsaSigner = signerOf("ssh-rsa", rsa.privateKey, rsa.publicKey.export({ format: "jwk" }));
  const signersFile = join(folder, "allowed_signers");
  const lines = [...signers, rsaSigner].map(({ line }, n) => `client-${n} ${line}\n`);
  writeFileSync(signersFile, lines.join(""));
  writeFileSync(join(folder, "policy.yaml"), POLICY);
  const postern = (...words: readonly string[]) => [
    "env",
    `POSTERN_DIR=${folder}`,
    ...POSTERN,
    ...words,
  ];
  await server.run(postern("apply", "--anyway", "--no-confirm"));
  const daemon = server.start(onOneProcessor(postern("agent")));
  await until("the agent to be ready", () => {
    if (daemon.hasEnded()) throw new Error(`the agent has ended: ${daemon.stderr()}`);
    return /ready: sealing key.*/.test(daemon.stdout());
  });
  const { publicKey } = sure(
    parseSealingKey(readFileSync(join(folder, "sealing.key"), "utf8"), ""),
  );
  return {
    ...{ name: "postern", network, daemon, signers, rsaSigner, postern, signersFile },
    sealingPublicKey: publicKey,
    counts: () => countsOf(server),
    letIn: async () => {
      const { stdout } = await server.run(["nft", "list", "set", "inet", "postern", "ssh_grants4"]);
      return new Set(stdout.match(/\d+\.\d+\.\d+\.\d+(?= timeout)/g) ?? []);
    },
    shut: async () => {
      await server.run(["nft", "flush", "set", "inet", "postern", "ssh_grants4"]);
    },
  };
}

/** Nothing where it has not noted anything yet. */
function countsOf({ namespace, runFolder }: Host): Counts {
  const file = join(runFolder, `net-${statSync(`/run/netns/${namespace}`).ino}`, "agent.json");
  return { ...JSON.parse(readFileSync(file, "utf8")), notedAt: statSync(file).mtimeMs };
}

/** The packet of a signed knock. */
export function knockFrame(
  { network, sealingPublicKey }: PosternSite,
  signer: TestSigner,
  source: Address,
  carrier: string,
): Buffer {
  const payload = signedKnock({ signer, sealingPublicKey, carrier, address: source });
  return frameTo(network, source, carried(payload, carrier));
}

export function carried(payload: Uint8Array, carrier: string) {
  return carrier === "ping"
    ? echoRequest(payload)
    : datagram(payload, Number(carrier.replace("udp/", "")));
}

let turn = 0;

export function signedWay(site: PosternSite, carrier: string): Way {
  const next = () => site.signers[turn++ % site.signers.length] ?? site.rsaSigner;
  return {
    ...{ name: `signed knock, ${carrier.replace(/\/.*/, "")}`, site },
    knocks: async (sources) => sources.map((one) => [knockFrame(site, next(), one, carrier)]),
  };
}
