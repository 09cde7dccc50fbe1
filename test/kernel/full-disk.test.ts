/** What is kept beside the kernel, on disks that do not take any more. */
import { writeFileSync } from "node:fs";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type Bundle, makeBundle } from "../cli/run.ts";
import type { Host, Running } from "./host.ts";
import { makeNetwork, type Network } from "./network.ts";
import { until } from "./until.ts";

const policy = (step: number) =>
  `doors: { ssh: { protects: tcp/22, sequence: { steps: [${step}, udp/24040, tcp/22777, tcp/26010] } } }\n`;

let bundle: Bundle;
let network: Network;
let host: Host;
beforeAll(async () => {
  bundle = makeBundle();
  writeFileSync(`${bundle.folder}/OLD`, policy(21001));
  writeFileSync(`${bundle.folder}/NEW`, policy(21007));
  network = await makeNetwork();
  host = network.server;
  await host.run(["mkdir", "-p", host.runFolder]);
});
afterAll(() => {
  network.remove();
  bundle.remove();
});

interface Disk {
  /** How it is made. */
  readonly options: string;
  /** How it stops to take any more. */
  readonly fill: string;
  readonly why: string;
}

const DISKS: readonly (readonly [string, Disk])[] = [
  [
    "is full",
    {
      options: "size=512k",
      fill: "! dd if=/dev/zero of=$disk/fill bs=4k 2>/dev/null",
      why: "the disk is full",
    },
  ],
  [
    "has no room for another file",
    {
      options: "nr_inodes=32",
      fill: "n=0; while touch $disk/fill$n 2>/dev/null; do n=$((n+1)); done",
      why: "the disk is full",
    },
  ],
  [
    "cannot be written any more",
    { options: "size=512k", fill: "mount -o remount,ro $disk", why: "cannot be written" },
  ],
];

describe.each(DISKS)("on a disk that %s", (_, { options, fill, why }) => {
  let shell: Running;
  beforeEach(async () => {
    await host.run(["nft", "flush", "ruleset"]);
    // A disk that nobody else sees, and that goes with the last who does.
    shell = host.start(["unshare", "--mount", "sh"]);
    await say(`mount -t tmpfs -o ${options},mode=700 none $disk`);
    return async () => {
      await say("$postern remove; chmod 700 $disk");
      shell.closeInput();
      await shell.ended;
    };
  });

  /** What a line prints, up to and with its exit status. */
  async function say(line: string): Promise<string> {
    const seen = shell.stdout().length;
    const said = line
      .replaceAll("$disk", host.runFolder)
      .replaceAll("$postern", `${process.execPath} ${bundle.file}`);
    shell.write(`cd ${bundle.folder}; { ${said}; } 2>&1; echo "status $?"\n`);
    await until(`the end of ${line}`, () => /status \d+\n/.test(shell.stdout().slice(seen)));
    return shell.stdout().slice(seen);
  }

  const drafts = () => say("find $disk -name '*.*.*'");

  /** What stands, by the first step of its sequence. */
  async function standing(): Promise<"old" | "new" | "none"> {
    const { stdout } = await host.run(["nft", "list", "ruleset"]);
    if (stdout === "") return "none";
    return stdout.includes("21007") ? "new" : "old";
  }

  test("a gate that nothing was ever kept of is put up, and goes", async () => {
    await say(fill);
    expect(await say("$postern apply NEW --no-confirm")).toContain("[cannot-go-back]");
    expect(await standing()).toBe("new");
    expect(await say("$postern remove")).toContain("status 0");
    expect(await standing()).toBe("none");
  });

  test("no gate is put up until it is confirmed, and all stays as it is", async () => {
    await say("$postern apply OLD --no-confirm");
    await say(fill);
    const applied = await say("$postern apply NEW --confirm 1h");
    expect(applied).toContain("so nothing was changed");
    expect(applied).toContain(why);
    expect(applied).toContain("[no-way-back]");
    expect(applied).toContain("status 1");
    expect(await standing()).toBe("old");
    expect(await drafts()).toBe("status 0\n");
  });

  test("a gate is put up for good, and it is said that there is no way back", async () => {
    await say("$postern apply OLD --no-confirm");
    await say(fill);
    const applied = await say("$postern apply NEW --no-confirm");
    expect(applied).toContain("[cannot-go-back]");
    expect(applied).toContain(why);
    expect(applied).toContain("status 0");
    expect(await standing()).toBe("new");
    expect(await drafts()).toBe("status 0\n");
    if (!fill.includes("remount")) {
      expect(await say("$postern rollback")).toContain("[nothing-before]");
    }
  });

  test("the gate of before comes back without a confirmation", async () => {
    await say("$postern apply OLD --no-confirm");
    await say("$postern apply NEW --confirm 1s");
    await say(fill);
    await until("the gate of before", async () => (await standing()) === "old");
    expect(await drafts()).toBe("status 0\n");
  });

  test("the gate of before comes back when it is asked for", async () => {
    await say("$postern apply OLD --no-confirm");
    await say("$postern apply NEW --confirm 1h");
    await say(fill);
    expect(await say("$postern rollback")).toContain("the gate of before is back");
    expect(await standing()).toBe("old");
  });

  test("a gate is confirmed, or it is said why it is not", async () => {
    await say("$postern apply OLD --no-confirm");
    await say("$postern apply NEW --confirm 1h");
    await say(fill);
    const confirmed = await say("$postern confirm");
    if (fill.includes("remount")) {
      expect(confirmed).toContain(why);
      expect(confirmed).toContain("status 1");
      await say("$postern rollback");
    } else {
      expect(confirmed).toContain("confirmed: loaded for good\nstatus 0");
      expect(await standing()).toBe("new");
      expect(await say("$postern rollback")).toContain("the gate of before is back");
    }
    expect(await standing()).toBe("old");
  });
});
