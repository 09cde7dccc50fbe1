/** `postern connect`, as ssh starts it. */
import { describe, expect, test } from "vitest";
import { ADDRESS, knocking } from "./knock-scene.ts";

const STEPS = ["tcp/21001", "tcp/21001", "udp/24040", "udp/24040"];

describe("a connection", () => {
  test("is made to the door's port after a knock, passed through, and nothing is printed", async () => {
    const { network, ...ran } = await knocking("connect gate.example.org");
    expect(ran).toEqual({ exit: 0, stdout: "", stderr: "" });
    expect(network.packetsTo()).toEqual([...STEPS, "tcp/22"]);
    expect(network.passed).toEqual([`${ADDRESS} tcp/22`]);
  });

  test("may name the port, which finds the door", async () => {
    const { network, exit } = await knocking("connect 2001:db8:1::1 443");
    expect([exit, network.passed]).toEqual([0, [`${ADDRESS} tcp/443`]]);
    expect(network.packetsTo()).toEqual(["tcp/21002", "tcp/21002", "tcp/443"]);
  });

  test("may name the door, and is made to its port, or to the one that is named", async () => {
    for (const line of ["connect [2001:db8:1::1]:ssh", "connect [2001:db8:1::1]:ssh 22"]) {
      const { network, exit } = await knocking(line);
      expect([exit, network.packetsTo()]).toEqual([0, [...STEPS, "tcp/22"]]);
    }
  });

  test("to a port that no door protects needs no knock", async () => {
    const { network, exit } = await knocking("connect gate.example.org 80", [
      { others: "accepted" },
    ]);
    expect([exit, network.packetsTo()]).toEqual([0, ["tcp/80"]]);
    expect(network.passed).toEqual([`${ADDRESS} tcp/80`]);
  });
});

describe("no connection", () => {
  test("where the door stays shut: status 4, as a knock says it", async () => {
    const { exit, stdout, stderr, network } = await knocking("connect gate.example.org", [
      { service: "silent" },
    ]);
    expect([exit, stdout, network.passed]).toEqual([4, "", []]);
    expect(stderr).toMatch(/^postern: ssh of gate\.example\.org is not open: at tcp\/22 /);
  });

  test("at a port that no door protects: what was met there, and that nobody knocked", async () => {
    const { exit, stderr } = await knocking("connect gate.example.org 80", [
      { others: "refused", delay: () => 1 },
    ]);
    expect([exit, stderr]).toEqual([
      4,
      `postern: cannot connect to tcp/80 of gate.example.org: ${ADDRESS} refuses (444 ms)\n` +
        "  no door of its profile protects that port, and none was knocked at\n",
    ]);
  });

  test.each([
    ["connect other", "there is no profile of other", "no-profile"],
    ["connect other 22", "there is no profile of other", "no-profile"],
    ["connect 2001:db8:1::1", "the profile of 2001:db8:1::1 has several doors", "several-doors"],
    [
      "connect gate.example.org:shh 22",
      'the profile of gate.example.org has no door "shh"',
      "no-such-door",
    ],
    ["connect [2001:db8:1::1]:vpn", "the door vpn protects no TCP port", "no-tcp"],
    ["connect gate.example.org 0", "port 0 does not exist", "not-a-port"],
    ["connect gate.example.org ssh", '"ssh" is not a port', "not-a-port"],
    ["connect gate.example.org --via icmp", '"icmp" is no way to knock', "unknown-word"],
    ["connect -- -oX 22", '"-oX" is neither the name of a host nor an address', "not-a-host-name"],
  ])("for %s: status 1, and nothing is sent", async (line, what, code) => {
    const { exit, stdout, stderr, network } = await knocking(line);
    expect([exit, stdout]).toEqual([1, ""]);
    expect(stderr).toContain(`error: ${what}`);
    expect(stderr).toContain(` [${code}]\n`);
    expect(network.sent).toEqual([]);
  });
});
