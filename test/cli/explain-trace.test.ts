/** What explain and trace take and refuse. */
import { describe, expect, test } from "vitest";
import { fails, fakeHost } from "../setup/fake-host.ts";
import { postern, posternWith } from "./run.ts";

describe.each(["explain", "trace"])("%s", (command) => {
  test.each(["192.0.2", "192.0.2.0/24", "fe80::1%eth0", "example.com", "-"])(
    "takes addresses alone, not %s",
    async (text) => {
      const { exit, stdout, stderr } = await postern(`${command} ${text}`);
      expect([exit, stdout]).toEqual([1, ""]);
      expect(stderr).toContain("[not-an-address]");
    },
  );

  test("cannot be made to move the cursor", async () => {
    const { stderr } = await posternWith([command, "\u001b[2J"]);
    expect(stderr).not.toContain("\u001b");
  });

  test("has nothing to say without a gate", async () => {
    const { exit, stderr } = await postern(`${command} 192.0.2.7`);
    expect(exit).toBe(1);
    expect(stderr).toContain("[no-gate]");
  });

  test.each([
    ["privilege", fakeHost({ capabilities: "0" })],
    ["nft", fakeHost({ nftVersion: fails("", 127) })],
    ["a kernel", fakeHost({ kernel: "4.19.0\n" })],
  ])("says what the host lacks: %s", async (_, host) => {
    const { exit, stderr } = await postern(`${command} 192.0.2.7`, host);
    expect(exit).toBe(3);
    expect(stderr).toMatch(/^postern: .*; .*\n$/);
    expect(host.loaded()).toEqual([]);
  });

  test("needs an address", async () => {
    expect((await postern(command)).exit).toBe(2);
  });
});

test.each(["0s", "25h", "60", "soon"])("trace does not go on for %s", async (time) => {
  const { exit, stdout, stderr } = await postern(`trace 192.0.2.7 --for ${time}`);
  expect([exit, stdout]).toEqual([1, ""]);
  expect(stderr).toContain("1 problem");
});
