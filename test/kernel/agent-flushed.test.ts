/** Something flushes the gate right after a command has changed it: the agent restores it as it was then. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { FAMILIES, printAddress } from "../../src/policy/address.ts";
import { AgentScene } from "./agent-scene.ts";
import { senderOf } from "./network.ts";
import { until } from "./until.ts";

const FLUSH = {
  nftables: [["nft", "flush", "ruleset"]],
  iptables: ["iptables", "ip6tables"].flatMap((program) => [
    [program, "-t", "raw", "-F"],
    [program, "-t", "raw", "-X"],
  ]),
};

let scene: AgentScene;
beforeAll(async () => {
  scene = await AgentScene.make();
});
afterAll(() => scene.remove());
afterEach(async () => {
  await scene.agent?.stop();
  await scene.postern("remove");
});

interface Facts {
  readonly doors: readonly { readonly open: readonly { readonly source: string }[] }[];
  readonly banned: readonly { readonly source: string }[];
}

/** The sources that hold a grant, and those that are banned. */
async function facts(): Promise<{ open: readonly string[]; banned: readonly string[] }> {
  const { stdout } = await scene.postern("status --json");
  const { doors, banned } = JSON.parse(stdout) as Facts;
  return {
    open: doors.flatMap(({ open }) => open.map(({ source }) => source)).toSorted(),
    banned: banned.map(({ source }) => source).toSorted(),
  };
}

async function flush(backend: keyof typeof FLUSH): Promise<void> {
  const begun = scene.logged().length;
  for (const argv of FLUSH[backend]) await scene.network.server.run(argv);
  await scene.untilLogged("the gate is back", begun);
}

/** Has the agent read who is in its sets. */
async function read(): Promise<void> {
  const begun = scene.logged().length;
  scene.agent?.signal("SIGHUP");
  await scene.untilLogged(/signed knocks open/, begun);
}

describe.each(["nftables", "iptables"] as const)("on %s", (backend) => {
  test("what was closed stays closed, what was banned banned, and a ban that was lifted lifted", async () => {
    const signed = backend === "nftables" ? "signed: { carriers: [udp/62201] }" : "open-for: 1h";
    await scene.apply(`backend: ${backend}
doors: { ssh: { protects: tcp/22, sequence: { steps: [51001, 54040, 52777] }, ${signed} } }
`);
    const sources = (n: number) => FAMILIES.map((family) => printAddress(senderOf(family, n)));
    const [closed, kept, lifted] = [sources(1), sources(2), sources(3)];
    for (const source of [...closed, ...kept]) await scene.postern(`open ssh ${source} --for 1h`);
    for (const source of lifted) await scene.postern(`ban ${source}`);
    await scene.start();
    if (backend === "nftables") await read();
    for (const source of closed) {
      await scene.postern(`close ssh ${source}`);
      await scene.postern(`ban ${source}`);
    }
    for (const source of lifted) await scene.postern(`unban ${source}`);
    await flush(backend);
    // On iptables grants never come back.
    const open = backend === "nftables" ? kept.toSorted() : [];
    await until("bans to be back", async () => (await facts()).banned.length === closed.length);
    const banned = closed.map((source) => source.replace(/::1$/, "::/64"));
    expect(await facts()).toEqual({ open, banned: banned.toSorted() });
  });
});
