import { describe, expect, test } from "vitest";
import { isRemote } from "../../src/gate/index.ts";
import { fakeHost } from "../setup/fake-host.ts";

type Files = Readonly<Record<string, string>>;

const remote = (files: Files, environment: Files = {}) =>
  isRemote(fakeHost({ files, environment }));

/** The command (its parent has pid 30) below processes of these names, the nearest first. */
function below(...names: readonly string[]): Files {
  const files: Record<string, string> = { "/proc/self/status": "Name:\tnode\nPPid:\t30\n" };
  names.forEach((name, n) => {
    const parent = n === names.length - 1 ? 0 : 31 + n;
    files[`/proc/${30 + n}/status`] = `Name:\t${name}\nPPid:\t${parent}\n`;
    files[`/proc/${30 + n}/comm`] = `${name}\n`;
    files[`/proc/${30 + n}/environ`] = "PATH=/bin\0";
  });
  return files;
}

const SESSION = { "/proc/self/cgroup": "0::/user.slice/user-0.slice/session-c12.scope\n" };

describe("a command is remote", () => {
  test("where sshd says so", async () => {
    expect(await remote({}, { SSH_CONNECTION: "192.0.2.7 51234 198.51.100.1 22" })).toBe(true);
  });

  test.each(["sshd", "sshd-session", "dropbear", "mosh-server"])(
    "below %s, also when its environment has been cleared",
    async (server) => {
      expect(await remote(below("sh", "sudo", "bash", server, "systemd"))).toBe(true);
    },
  );

  test.each(["tmux: server", "screen", "zellij"])(
    "below %s, for nobody can tell over which connection it is typed",
    async (keeper) => {
      expect(await remote(below("bash", keeper, "systemd"))).toBe(true);
    },
  );

  test("where its session has left it in the background, as systemd-logind knows", async () => {
    const logind = { "/run/systemd/sessions/c12": "UID=0\nREMOTE=1\nSERVICE=sshd\n" };
    expect(await remote({ ...below("systemd"), ...SESSION, ...logind })).toBe(true);
  });
});

describe("a command is not remote", () => {
  test("at a console", async () => {
    const logind = { "/run/systemd/sessions/c12": "UID=0\nREMOTE=0\nSERVICE=login\n" };
    expect(await remote({ ...below("bash", "login", "systemd"), ...SESSION, ...logind })).toBe(
      false,
    );
  });

  test.each([
    ["a service", "0::/system.slice/apply.service\n"],
    ["cron", "0::/system.slice/cron.service\n"],
    ["a session that is gone", SESSION["/proc/self/cgroup"]],
    ["a name that leads elsewhere", "0::/session-../../etc/shadow.scope\n"],
  ])("below %s", async (_, cgroup) => {
    expect(await remote({ ...below("sh", "cron", "systemd"), "/proc/self/cgroup": cgroup })).toBe(
      false,
    );
  });

  test("below a program whose name only begins like that of a server", async () => {
    expect(await remote(below("sshd-exporter", "systemd"))).toBe(false);
  });
});
