/** What listens behind a door. */
import { describe, expect, test } from "vitest";
import type { Listener } from "../../src/gate/listeners.ts";
import { listener, marked, problemsOf, SSH, told } from "./around.ts";

describe("what listens behind a door", () => {
  const EVERY = listener("tcp", "0.0.0.0", 22, "sshd");
  const RANGE = listener("tcp", "::", 2205);
  const listening = (...listeners: Listener[]) => ({ listeners });

  test("is no problem where it listens on every address, at any port of a range", () => {
    expect(problemsOf(SSH, listening(EVERY, RANGE))).toEqual([]);
  });

  test("may be nothing", () => {
    expect(told(SSH, listening(RANGE, listener("udp", "::", 22)))).toEqual([
      "warning nothing-listens: nothing listens on tcp/22, which door ssh protects; start the service or correct the port; one that is published for a container needs no listener",
    ]);
    expect(marked(SSH, listening(EVERY))).toEqual(["nothing-listens 3: tcp/2200-2299"]);
  });

  test("may be on loopback alone", () => {
    expect(told(SSH, listening(RANGE, listener("tcp", "127.0.0.1", 22, "sshd")))).toEqual([
      'warning nothing-listens: "sshd" listens on loopback alone at tcp/22, which door ssh protects: nobody from outside can reach it; let it listen on an address of this host, or take the port out of the policy',
    ]);
  });

  test("may be a container", () => {
    const published = [{ protocol: "tcp" as const, ports: { first: 22, last: 22 } }];
    expect(problemsOf(SSH, { ...listening(RANGE), published })).toEqual([]);
    const udp = published.map(({ ports }) => ({ protocol: "udp" as const, ports }));
    expect(marked(SSH, { ...listening(RANGE), published: udp })).toEqual([
      "nothing-listens 3: tcp/22",
    ]);
  });

  test("may be bound to addresses, which a gate has to be told of", () => {
    const bound = ["198.51.100.1", "2001:db8::1"].map((at) => listener("tcp", at, 22, "sshd"));
    expect(told(SSH, listening(...bound, RANGE))).toEqual([
      'warning bound-listener: "sshd" is bound to tcp/22 of 198.51.100.1 and tcp/22 of 2001:db8::1: `apply` notes such addresses, and a scan with FIN or ACK finds the service at one that is new since; apply again whenever these addresses change, or let it listen on every address',
    ]);
  });

  test("may be several, some of them bound", () => {
    const web = ["nginx", "caddy"].map((name) => listener("tcp", "198.51.100.1", 2200, name));
    const [what] = told(SSH, listening(EVERY, RANGE, ...web));
    expect(what).toContain('"nginx" and "caddy" are bound to tcp/2200 of 198.51.100.1: ');
  });

  test("over UDP may be bound", () => {
    const wireguard = "doors:\n  wg: { protects: udp/51820 }\n";
    expect(problemsOf(wireguard, listening(listener("udp", "198.51.100.1", 51820)))).toEqual([]);
  });

  test("is not asked for where the door stands before other hosts", () => {
    const forwards = { ipv4: true, ipv6: true };
    for (const destinations of [
      "[203.0.113.7]",
      "[198.51.100.0/24]",
      "[198.51.100.1, 203.0.113.7]",
    ]) {
      const policy = `${SSH}    destinations: ${destinations}\n`;
      expect(problemsOf(policy, { ...listening(), forwards })).toEqual([]);
    }
  });

  test("is not asked for where this host is the first of a network of others", () => {
    const policy = `${SSH}    destinations: [198.51.100.0/24]\n`;
    const addresses = [listener("tcp", "198.51.100.0", 22).address];
    expect(problemsOf(policy, { ...listening(), addresses })).toEqual([]);
  });

  test("has to be at an address of the door", () => {
    const policy = `${SSH}    destinations: [198.51.100.1]\n`;
    expect(problemsOf(policy, listening(EVERY, RANGE))).toEqual([]);
    expect(marked(policy, listening(listener("tcp", "198.51.100.2", 22), RANGE))).toEqual([
      "nothing-listens 3: tcp/22",
    ]);
  });

  test("is nobody's guess where nobody can tell", () => {
    expect(problemsOf(SSH, { listeners: undefined })).toEqual([]);
  });
});
