/**
 * A host whose kernel has nftables without some expression, as WSL2 and Talos have had. The
 * kernel of the test has it: so a program `nft` before the real one asks the kernel for what no
 * kernel has in its place, and hands on the kernel's own refusal.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Bundle, makeBundle } from "../cli/run.ts";
import type { Host, Output } from "./host.ts";
import { makeNetwork, type Network } from "./network.ts";
import { canConnect, listenOnBoth } from "./services.ts";

const SEQUENCE = "sequence: { steps: [21001, udp/24040, tcp/22777] }";

let bundle: Bundle;
let network: Network;
let server: Host;
beforeAll(async () => {
  bundle = makeBundle();
  network = await makeNetwork();
  ({ server } = network);
  await listenOnBoth(server, { protocol: "tcp", port: 22 });
});
afterAll(() => {
  network.remove();
  bundle.remove();
});

/** Runs a command on a kernel without the expressions, each a pattern of sed. */
function without(patterns: readonly string[], words: string, backend = "auto"): Promise<Output> {
  const folder = server.newPath("programs");
  mkdirSync(folder);
  const edits = patterns.map((pattern) => `-e 's/${pattern}/ct helper set "absent"/'`).join(" ");
  const script = `#!/bin/sh
PATH=\${PATH#*:}
case "$*" in
  *"-f -"*) sed ${edits} | nft "$@" ;;
  *) exec nft "$@" ;;
esac
`;
  writeFileSync(join(folder, "nft"), script, { mode: 0o755 });
  const policy = join(bundle.folder, "policy.yaml");
  writeFileSync(policy, `backend: ${backend}\ndoors: { ssh: { protects: tcp/22, ${SEQUENCE} } }\n`);
  const line = `PATH=${folder}:$PATH ${process.execPath} ${bundle.file} ${words.replace("POLICY", policy)}`;
  return server.run(["sh", "-c", line], { mayFail: true });
}

describe.each([
  ["socket", "socket wildcard [01]", "socket (nft_socket, CONFIG_NFT_SOCKET)"],
  ["fib", "fib daddr type \\(!= \\)\\?[a-z]*", "fib (nft_fib_inet, CONFIG_NFT_FIB_INET)"],
])("a kernel without %s", (_, pattern, named) => {
  test("is found by check, with what it lacks", async () => {
    const { stdout, status } = await without([pattern], "check POLICY --json", "nftables");
    const { problems } = JSON.parse(stdout) as { problems: { code: string; what: string }[] };
    expect(status).toBe(1);
    expect(problems).toContainEqual(
      expect.objectContaining({
        ...{ code: "host-nftables-incomplete", severity: "error" },
        what: `this kernel or its nft lacks a part of nftables that a gate needs: ${named}`,
      }),
    );
  });

  test("makes apply refuse nftables in words, and nothing changes", async () => {
    const { stderr, status } = await without([pattern], "apply POLICY --anyway", "nftables");
    expect(status).not.toBe(0);
    expect(stderr).toContain(`lacks a part of nftables that a gate needs: ${named}`);
    expect(stderr).not.toContain("Could not process rule");
    expect((await server.run(["nft", "list", "ruleset"])).stdout).not.toMatch(/postern/i);
  });

  test("gets its gate on iptables where the policy says auto", async () => {
    const checked = await without([pattern], "check POLICY");
    expect(checked.stdout).toContain("iptables would hold the gate");
    const { stdout, status } = await without([pattern], "apply POLICY --anyway --no-confirm");
    expect(status).toBe(0);
    expect(stdout).toContain("the gate is up on iptables, because this kernel or its nft lacks");
    for (const address of [network.link.server.ipv4, network.link.server.ipv6]) {
      expect(await canConnect(network.client, address, 22)).toBe(false);
    }
    expect((await without([pattern], "remove")).status).toBe(0);
    expect(await canConnect(network.client, network.link.server.ipv6, 22)).toBe(true);
  });
});
