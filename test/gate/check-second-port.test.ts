/** Which ports of a process count as the same service, as `ss` tells of them. */
import { expect, test } from "vitest";
import { readListeners } from "../../src/gate/listeners.ts";
import { fakeHost, prints } from "../setup/fake-host.ts";
import { told } from "./around.ts";

const DOOR = "doors:\n  ssh:\n    protects: tcp/22\n    sequence: { steps: [21001, udp/24040] }\n";

async function found(users: readonly [string, string], policy = DOOR): Promise<string[]> {
  const text = [22, 2222]
    .map((port, n) => `tcp LISTEN 0 128 0.0.0.0:${port} 0.0.0.0:* users:(${users[n]})\n`)
    .join("");
  const host = { ...fakeHost(), run: () => Promise.resolve(prints(text)) };
  const listeners = await readListeners(host);
  return told(policy, { listeners }).filter((line) => line.includes("second-port"));
}

test.each<[string, string, string, "error" | "warning" | undefined]>([
  ["sshd", '("sshd",pid=9,fd=3)', '("sshd",pid=9,fd=4)', "error"],
  ["another server", '("nginx",pid=9,fd=3)', '("nginx",pid=9,fd=4)', "warning"],
  ["workers", '("nginx",pid=8,fd=3),("nginx",pid=9,fd=3)', '("nginx",pid=9,fd=4)', "warning"],
  ["two processes", '("sshd",pid=9,fd=3)', '("sshd",pid=10,fd=3)', undefined],
  ["the service manager", '("systemd",pid=1,fd=50)', '("systemd",pid=1,fd=51)', undefined],
  [
    "it and another",
    '("sshd",pid=9,fd=3),("systemd",pid=1,fd=5)',
    '("systemd",pid=1,fd=6)',
    undefined,
  ],
  [
    "both by it",
    '("sshd",pid=9,fd=3),("systemd",pid=1,fd=5)',
    '("sshd",pid=9,fd=4),("systemd",pid=1,fd=6)',
    "error",
  ],
  ["that of a user", '("systemd",pid=700,fd=50)', '("systemd",pid=700,fd=51)', undefined],
  ["inetd", '("xinetd",pid=9,fd=3)', '("xinetd",pid=9,fd=4)', undefined],
])("%s", async (_, first, second, severity) => {
  const lines = await found([first, second]);
  expect(lines.map((line) => line.split(" ")[0])).toEqual(severity === undefined ? [] : [severity]);
});

test("a port of another door is none", async () => {
  const users = ['("sshd",pid=9,fd=3)', '("sshd",pid=9,fd=4)'] as const;
  const other = "  two: { protects: tcp/2222, sequence: { steps: [21001, udp/24040] } }\n";
  expect(await found(users, DOOR + other)).toEqual([]);
});

test("a name that holds a process's number makes no process of it", async () => {
  const users = ['("sshd",pid=9,fd=3)', '("x",pid=9,fd=1)",pid=77,fd=4)'] as const;
  const lines = await found(users);
  expect(lines.map((line) => line.split(" ")[0])).not.toContain("error");
});
