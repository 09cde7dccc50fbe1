/** An agent on a host of its own, with a policy that tests may change. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Address, printAddress } from "../../src/policy/address.ts";
import { parseSealingKey } from "../../src/signed/index.ts";
import { type Bundle, makeBundle } from "../cli/run.ts";
import { sure } from "../setup/sure.ts";
import { makeSigner } from "../signed/signer.ts";
import { framesOf } from "./frames.ts";
import type { Output, Running } from "./host.ts";
import { addressOf, makeNetwork, type Network } from "./network.ts";
import { signedKnock } from "./signed-knock.ts";
import { until } from "./until.ts";
import { send } from "./wire.ts";

const SIGNER = makeSigner("ssh-ed25519");
export const SIGNERS = `alice ${SIGNER.line}\n`;

export class AgentScene {
  readonly network: Network;
  readonly folder: string;
  agent: Running | undefined;
  readonly #bundle: Bundle;

  private constructor(network: Network, bundle: Bundle) {
    this.network = network;
    this.#bundle = bundle;
    this.folder = network.server.newPath("etc");
    mkdirSync(this.folder, { mode: 0o700 });
    writeFileSync(this.file("allowed_signers"), SIGNERS);
  }

  static async make(): Promise<AgentScene> {
    return new AgentScene(await makeNetwork(), makeBundle());
  }

  remove(): void {
    this.network.remove();
    this.#bundle.remove();
  }

  file(name: string): string {
    return join(this.folder, name);
  }

  postern(line: string): Promise<Output> {
    const argv = [process.execPath, this.#bundle.file, ...line.split(" ")];
    return this.network.server.run(["env", `POSTERN_DIR=${this.folder}`, ...argv], {
      mayFail: true,
    });
  }

  async apply(policy: string): Promise<void> {
    writeFileSync(this.file("policy.yaml"), policy);
    const { status, stderr } = await this.postern("apply --anyway --no-confirm");
    if (status !== 0) throw new Error(`apply: ${stderr}`);
  }

  /** @param path where it looks for programs. */
  async start(path = process.env["PATH"] ?? ""): Promise<void> {
    const environment = [`POSTERN_DIR=${this.folder}`, `PATH=${path}`];
    const argv = [process.execPath, this.#bundle.file, "agent"];
    this.agent = this.network.server.start(["env", ...environment, ...argv]);
    await this.untilLogged("ready: sealing key");
  }

  logged(): string {
    return this.agent?.stdout() ?? "";
  }

  /** In what is logged from a place in it on. */
  untilLogged(text: string | RegExp, from = 0): Promise<void> {
    return until(`${text} in the agent's log`, () => {
      if (this.agent?.hasEnded() !== false) throw new Error(`it ended: ${this.agent?.stderr()}`);
      const said = this.logged().slice(from);
      return typeof text === "string" ? said.includes(text) : text.test(said);
    });
  }

  /** A signed knock by UDP, each time another one. */
  knock(source: Address): Promise<unknown> {
    const text = readFileSync(this.file("sealing.key"), "utf8");
    const { publicKey } = sure(parseSealingKey(text, "sealing.key"));
    return this.show(signedKnock({ signer: SIGNER, sealingPublicKey: publicKey }), source);
  }

  async show(payload: Uint8Array, source: Address): Promise<void> {
    const { link } = this.network;
    const destination = addressOf(link.server[source.family]);
    const content = {
      ...({ protocol: "udp", sourcePort: 40_000, destinationPort: 62_201, payload } as const),
      payloadBytes: payload.length,
    };
    const packet = { source, destination, destined: "here", interface: "eth0", content } as const;
    await send(link.client, framesOf(packet, 1, link));
  }

  /** What the agent says of the packets of a source, once it has said so much. */
  async said(source: Address, lines = 1): Promise<string[]> {
    const about = () =>
      this.logged()
        .split("\n")
        .filter((line) => line.includes(`SRC=${printAddress(source)} `));
    await until(`${lines} lines about ${printAddress(source)}`, () => about().length >= lines);
    return about();
  }
}
