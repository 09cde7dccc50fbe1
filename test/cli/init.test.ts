/** A first policy: what is asked, what is taken unasked, and what is written and said. */
import { describe, expect, test } from "vitest";
import type { Finished } from "../../src/host/index.ts";
import { printStep } from "../../src/policy/value/step.ts";
import { prints } from "../setup/fake-host.ts";
import { doorIn, FILE, hostWith, IP, init, SESSION, SSHD, somebody, textIn } from "./init-scene.ts";

describe("unasked", () => {
  test("the door is for SSH, with four random steps, and everything else as usual", async () => {
    const host = hostWith();
    const { exit, stderr } = await init("--yes", host);
    expect([exit, stderr]).toEqual([0, ""]);
    expect([...host.written.keys()]).toEqual([FILE]);
    const door = doorIn(host);
    expect(door).toMatchObject({ name: "ssh", openForSeconds: 10, singleUse: false, trusted: [] });
    expect(door.protects).toEqual([{ protocol: "tcp", ports: { first: 22, last: 22 } }]);
    expect(door.sequence.steps).toHaveLength(4);
  });

  test("no two policies have the same steps", async () => {
    const texts = new Set<string>();
    for (let n = 0; n < 5; n += 1) {
      const host = hostWith();
      await init("--yes", host);
      texts.add(doorIn(host).sequence.steps.map(printStep).join());
    }
    expect(texts.size).toBe(5);
  });

  test("the first draw keeps clear of what listens and of the host's own connections", async () => {
    for (let n = 0; n < 3; n += 1) {
      const host = hostWith({ listeners: [SSHD, ...busyPorts()] });
      let looks = 0;
      const counting: typeof host = {
        ...host,
        run: (argv, options) => {
          if (argv[0] === "ss" && argv.includes("--listening")) looks += 1;
          return host.run(argv, options);
        },
      };
      await init("--yes", counting);
      const { watch } = doorIn(host).sequence;
      expect(watch?.first).toBeGreaterThan(24_000);
      expect(watch?.last).toBeLessThan(29_000);
      // For the questions, and for one check.
      expect(looks).toBe(2);
    }
  });

  test.each([
    ["--service udp/51820", { name: "wireguard", protocol: "udp" }],
    ["--service tcp/443", { name: "nginx", protocol: "tcp" }],
    ["--service tcp/8080", { name: "tcp-8080", protocol: "tcp" }],
    ["--service udp/7", { name: "udp-7", protocol: "udp" }],
    ["--service tcp/443 --door front", { name: "front", protocol: "tcp" }],
  ])("%s names the door", async (options, { name, protocol }) => {
    const host = hostWith();
    expect((await init(`--yes ${options}`, host)).exit).toBe(0);
    expect(doorIn(host).name).toBe(name);
    expect(doorIn(host).protects[0]?.protocol).toBe(protocol);
  });

  test("every option is heard", async () => {
    const host = hostWith();
    await init("--yes --steps 7 --open-for 90s --single-use --trust 2001:db8::", host);
    const door = doorIn(host);
    expect(door).toMatchObject({ openForSeconds: 90, singleUse: true });
    expect(door.sequence.steps).toHaveLength(7);
    expect(door.trusted).toHaveLength(1);
  });

  test("SSH that systemd listens for is SSH", async () => {
    const systemd = 'tcp LISTEN 0 4096 *:22 *:* users:(("systemd",pid=1,fd=99))';
    const host = hostWith({ listeners: [systemd] });
    await init("--yes", host);
    expect(doorIn(host).name).toBe("ssh");
  });

  test("SSH at another port is SSH", async () => {
    const host = hostWith({ listeners: [SSHD.replace(":22", ":2222")] });
    await init("--yes", host);
    expect(doorIn(host).protects[0]?.ports.first).toBe(2222);
  });

  test("without SSH, the service has to be named", async () => {
    const host = hostWith({ listeners: [] });
    const { exit, stdout, stderr } = await init("--yes", host);
    expect([exit, stdout]).toEqual([1, ""]);
    expect(stderr).toContain("no SSH server listens on this host");
    expect(stderr).toContain("--service tcp/PORT");
    expect(host.written.size).toBe(0);
  });

  test("what the host has to say of the choices is said, and the policy is there", async () => {
    const host = hostWith();
    const { exit, stderr } = await init("--yes --service tcp/9", host);
    expect(exit).toBe(0);
    expect(stderr).toContain("nothing listens on tcp/9, which door tcp-9 protects");
    expect(host.written.size).toBe(1);
  });

  test("that who is connected has to knock is no news", async () => {
    const { stderr } = await init("--yes", hostWith({ environment: { SSH_CONNECTION: SESSION } }));
    expect(stderr).toBe("");
  });
});

/** Wherever there is room for a watch range, but between 24000 and 29000. */
function busyPorts(): string[] {
  const ports = Array.from({ length: 31 }, (_, n) => 2000 + 1000 * n).concat(63_000);
  return ports
    .filter((port) => port <= 24_000 || port >= 29_000)
    .map((port) => `tcp LISTEN 0 1 *:${port} *:*`);
}

describe("what cannot be", () => {
  test.each([
    ["--steps 2", "2 is outside the range of a number of steps", "not-a-number"],
    ["--steps 17", "17 is outside the range of a number of steps", "not-a-number"],
    ["--service 22", '"22" is not a service', "not-a-service"],
    ["--door SSH", '"SSH" cannot be the name of a door', "not-a-door-name"],
    ["--open-for 10", "10 has no unit", "missing-unit"],
    ["--trust localhost", '"localhost" is not an address', "not-an-address"],
    ["--service tcp/1-65535", "leaves no ports over that could be steps", "no-ports"],
  ])("%s is refused, and nothing is written", async (options, what, code) => {
    const host = hostWith();
    const { exit, stdout, stderr } = await init(`--yes ${options}`, host);
    expect([exit, stdout]).toEqual([1, ""]);
    expect(stderr).toContain(what);
    expect(stderr).toContain(`[${code}]`);
    expect(host.written.size).toBe(0);
  });

  test("all that is wrong is told at once", async () => {
    const { stderr } = await init("--yes --steps 0 --door 9 --open-for 0s", hostWith());
    expect(stderr).toContain("\n3 problems\n");
  });

  test("a file that is there stays, and nobody is asked questions for it", async () => {
    const host = hostWith({ files: { [FILE]: "mine" } });
    const asker = somebody();
    const { exit, stderr } = await init("", host, asker);
    expect([exit, asker.asked, host.written.size]).toEqual([1, [], 0]);
    expect(stderr).toContain(`"${FILE}" exists already, and init overwrites nothing [file-exists]`);
    expect(stderr).toContain("move it away, or name another file");
  });

  test("a folder that this user may not write to is found out before the questions", async () => {
    const no: Finished = { status: 1, stdout: "", stderr: "" };
    const programs = {
      "test -e /etc/postern": no,
      "test -e /etc": { ...no, status: 0 },
      "test -w /etc": no,
    };
    const asker = somebody();
    const { exit, stderr } = await init("", hostWith({ programs }), asker);
    expect([exit, asker.asked]).toEqual([1, []]);
    expect(stderr).toContain(`"${FILE}" may not be written by you [file-unwritable]`);
    expect(stderr).toContain("run this as root");
  });

  test("a full disk is a problem, and nothing is said of steps", async () => {
    const { exit, stdout, stderr } = await init("--yes", hostWith({ full: /policy/ }));
    expect([exit, stdout]).toEqual([1, ""]);
    expect(stderr).toContain("the disk is full");
  });

  test("without a terminal and without --yes it is wrong usage", async () => {
    const host = hostWith();
    expect(await init("", host)).toEqual({
      exit: 2,
      stdout: "",
      stderr:
        "postern: init asks questions, and there is no terminal to ask at; --yes takes the defaults\nsee `postern init --help`\n",
    });
    expect([host.ran, host.written.size]).toEqual([[], 0]);
  });
});

describe("asked", () => {
  const QUESTIONS = [
    "Which service shall nobody see?",
    "What is the door called?",
    "How many packets?",
    "How long does a knock open it?",
    "Shut it again behind the first connection?",
  ];

  test("Enter to everything gives what --yes gives", async () => {
    const host = hostWith();
    const asker = somebody();
    expect((await init("", host, asker)).exit).toBe(0);
    expect(asker.asked).toEqual(QUESTIONS);
    expect(doorIn(host)).toMatchObject({ name: "ssh", openForSeconds: 10, singleUse: false });
    expect(doorIn(host).sequence.steps).toHaveLength(4);
  });

  test("the services are those that others can reach, SSH first, names made harmless", async () => {
    const asker = somebody();
    await init("", hostWith(), asker);
    expect(asker.labels).toEqual([
      "tcp/22     sshd",
      "tcp/443    nginx",
      "tcp/8080   \\x1b[31mWeb",
      "udp/51820",
      "another",
    ]);
  });

  test("each answer is heard", async () => {
    const host = hostWith({ environment: { SSH_CONNECTION: SESSION } });
    const asker = somebody({
      "Which service": "nginx",
      "door called": "front",
      "many packets": "6",
      "How long": "2m",
      "first connection": true,
      "198.51.100.7": true,
    });
    await init("", host, asker);
    const door = doorIn(host);
    expect(door).toMatchObject({ name: "front", openForSeconds: 120, singleUse: true });
    expect(door.sequence.steps).toHaveLength(6);
    expect(door.trusted).toHaveLength(1);
    expect(textIn(host)).toContain('trusted: ["198.51.100.7"]');
  });

  test("the session's address is offered, and not trusted unless that is wanted", async () => {
    const host = hostWith({ environment: { SSH_CONNECTION: SESSION } });
    const asker = somebody();
    await init("", host, asker);
    expect(asker.asked.at(-1)).toBe("Never ask 198.51.100.7 to knock?");
    expect(doorIn(host).trusted).toEqual([]);
  });

  test("a service that is not offered can be named", async () => {
    const host = hostWith();
    await init("", host, somebody({ "Which service": "another", "At which port": "udp/60000" }));
    expect(doorIn(host).name).toBe("udp-60000");
  });

  test("where nothing listens, the service is asked for by its port", async () => {
    const asker = somebody();
    await init("", hostWith({ listeners: [] }), asker);
    expect(asker.asked[0]).toBe("At which port is it?");
  });

  test("what options say is not asked", async () => {
    const asker = somebody();
    await init(
      "--service tcp/443 --door x --steps 3 --open-for 1s --single-use",
      hostWith(),
      asker,
    );
    expect(asker.asked).toEqual([]);
  });

  test.each([0, 1, 2, 3, 4, 5])(
    "broken off after %d answers, nothing is written",
    async (patience) => {
      const host = hostWith({ environment: { SSH_CONNECTION: SESSION } });
      expect(await init("", host, somebody({}, patience))).toEqual({
        exit: 1,
        stdout: "",
        stderr: "postern: broken off; nothing was written\n",
      });
      expect(host.written.size).toBe(0);
    },
  );
});

describe("what is said in the end", () => {
  test("where the policy is, what to do next, and how to knock", async () => {
    const host = hostWith();
    const { stdout } = await init("--yes", host);
    expect(stdout).toMatch(/^wrote \/etc\/postern\/policy.yaml, /);
    expect(stdout).toContain("\n  ssh  tcp/22  4 steps, open for 10s\n");
    expect(stdout).toContain("\n  postern check\n");
    expect(stdout).toContain("\n  postern apply --confirm 60s\n");
    for (const tool of ["knock", "nc   ", "nmap ", "bash "]) {
      expect(stdout).toMatch(new RegExp(`^  ${tool}  .*[ /]192\\.0\\.2\\.5\\b`, "m"));
    }
  });

  test("the host is called as the session knows it, or by nothing where nobody can tell", async () => {
    const there = await init("--yes", hostWith({ environment: { SSH_CONNECTION: SESSION } }));
    expect(there.stdout).toContain("knock -d 200 203.0.113.5 ");
    const nowhere = await init("--yes", hostWith({ programs: { [IP]: prints("[]") } }));
    expect(nowhere.stdout).toContain("knock -d 200 HOST ");
  });

  test("a policy elsewhere is named to the commands that come next", async () => {
    const host = hostWith({ environment: { POSTERN_DIR: "/srv/my gate" } });
    const { stdout } = await init("--yes", host);
    expect(stdout).toContain("\n  postern check '/srv/my gate/policy.yaml'\n");
    const other = hostWith();
    expect((await init("here.yaml --yes", other)).stdout).toContain(
      "\n  postern check here.yaml\n",
    );
    expect(doorIn(other, "here.yaml").name).toBe("ssh");
  });

  test("steps that were asked for once are shown once: on stdout", async () => {
    const host = hostWith();
    const { stdout, stderr } = await init("--yes", host);
    for (const step of doorIn(host).sequence.steps) {
      if (step.kind === "port") expect(stdout).toContain(`${step.port}`);
    }
    expect(stderr).toBe("");
  });
});
