/** What is read of how packets come to a host, from what `ip`, `bridge` and `tc` print. */
import { expect, test } from "vitest";
import { readPaths } from "../../src/gate/check/bypass/index.ts";
import type { Finished, Host } from "../../src/host/index.ts";
import { ok } from "../../src/problem/problem.ts";
import { fails, fakeHost, prints } from "../setup/fake-host.ts";
import { policyOf } from "../setup/policy.ts";

const LINK = [
  '[{"ifindex":1,"ifname":"lo"},',
  '{"ifindex":2,"link_index":9,"ifname":"eth0","master":"br0","address":"02:00:00:00:00:02",',
  '"link_netnsid":0,"linkinfo":{"info_kind":"veth","info_slave_kind":"bridge"},',
  '"xdp":{"mode":2,"prog":{"id":7,"name":"lb","tag":"3b18","jited":1},"attached":[]}},',
  '{"ifindex":3,"ifname":"br0","linkinfo":{"info_kind":"bridge","info_data":{"nf_call_iptables":1,"nf_call_ip6tables":0}}},',
  '{"ifindex":4,"link":"eth0","ifname":"mv0","linkinfo":{"info_kind":"macvlan","info_data":{"mode":"bridge"}}},',
  '{"ifname":"no index"},7]',
].join("");
const CHILD = (mac: string) =>
  `[{"ifindex":6,"link_index":2,"link_netnsid":0,"ifname":"net1","address":"${mac}","linkinfo":{"info_kind":"macvlan","info_data":{"mode":"vepa"}},"addr_info":[{"local":"192.0.2.5","scope":"global"},{"local":"fe80::1","scope":"link"}]}]`;
const TC = [
  '[{"kind":"clsact","dev":"eth0"},{"kind":"ingress","dev":"br0","ingress_block":4},',
  '{"kind":"noqueue","dev":"mv0","root":true}]',
].join("");
const FILTERS = [
  '[{"kind":"u32","chain":0},{"kind":"u32","options":{"fh":"800::800","actions":[',
  '{"kind":"mirred","mirred_action":"redirect","direction":"egress","to_dev":"tap0"},',
  '{"kind":"mirred","mirred_action":"mirror","direction":"egress","to_dev":"ids0"}]}},',
  '{"kind":"bpf","options":{"bpf_name":"cil.o:[tc]","direct-action":true,"prog":{"id":9,"name":"cil"}}}]',
].join("");
const BLOCK = '[{"kind":"bpf","options":{"bpf_name":"x:[y]","prog":{"id":3}}}]';

function hostOf(
  programs: Readonly<Record<string, string | Finished>>,
  over: Partial<Host> = {},
): Host {
  return {
    ...fakeHost(),
    run: (argv) => {
      const answer = programs[argv.join(" ")] ?? fails("", 127);
      return Promise.resolve(typeof answer === "string" ? prints(answer) : answer);
    },
    ...over,
  };
}

const POLICY = policyOf(
  'doors: { ssh: { protects: tcp/22, destinations: [192.0.2.5, "2001:db8::/64", 203.0.113.4/31] } }',
);
const INSIDE = "nsenter --net=/proc/20/ns/net";
const NAMESPACES: Partial<Host> = {
  listFolder: (path) => Promise.resolve(ok(path === "/proc" ? ["10", "20", "sys"] : [])),
  readLink: (path) => Promise.resolve(/20/.test(path) ? "net:[2]" : "net:[1]"),
};

test("links, routes, filters and containers are read as they are printed", async () => {
  const asked: string[] = [];
  const host = hostOf(
    {
      "ip --json --details link show": LINK,
      "ip --json -4 route show default": '[{"dst":"default","dev":"eth0"}]',
      "ip --json -6 route show default": '[{"dst":"default","nexthops":[{"dev":"a"},{"dev":"b"}]}]',
      "tc -json qdisc show": TC,
      "tc -json filter show dev eth0 ingress": FILTERS,
      "tc -json filter show block 4": BLOCK,
      [`${INSIDE} ip --json --details address show`]: CHILD("02:00:00:00:00:99"),
      "bridge -json fdb show dev eth0": '[{"mac":"02:00:00:00:00:99","flags":["self"]}]',
      "ip --json -force -batch -":
        '[{"type":"local","dst":"192.0.2.5","dev":"lo"}]\n[{"dst":"2001:db8::1","via":{"host":"x"},"dev":"br0"}]\nnot JSON\n',
    },
    NAMESPACES,
  );
  const paths = await readPaths(
    {
      ...host,
      run: (argv, options) => {
        asked.push(String(options?.stdin ?? ""));
        return host.run(argv, options);
      },
    },
    POLICY,
  );
  expect(paths.links.map(({ name }) => name)).toEqual(["lo", "eth0", "br0", "mv0"]);
  expect(paths.links[1]).toMatchObject({
    ...{ kind: "veth", master: "br0", masterKind: "bridge", parent: undefined },
    xdp: ['program "lb" (id 7)'],
  });
  expect(paths.links[2]?.showsBridged).toEqual({ ipv4: true, ipv6: false });
  expect(paths.links[3]).toMatchObject({ kind: "macvlan", parent: "eth0", mode: "bridge" });
  expect(paths.defaults).toEqual({ ipv4: ["eth0"], ipv6: ["a", "b"] });
  expect(paths.ingress).toEqual([
    { interface: "eth0", kind: "redirect", to: "tap0" },
    { interface: "eth0", kind: "program", program: 'program "cil" (id 9)' },
    { interface: "br0", kind: "program", program: 'program "x:[y]" (id 3)' },
  ]);
  expect(asked.join("")).toBe(
    "route get 192.0.2.5\nroute get 2001:db8::1\nroute get 2001:db8::ffff:ffff:ffff:fffe\nroute get 203.0.113.4\n",
  );
  expect([...paths.routes]).toEqual([
    ["192.0.2.5", { type: "local", interface: "lo", isFarther: false }],
    ["2001:db8::1", { type: "unicast", interface: "br0", isFarther: true }],
  ]);
  expect(paths.children).toMatchObject([{ on: "eth0", addresses: [{ family: "ipv4" }] }]);
  expect(paths.children[0]?.addresses).toHaveLength(1);
  expect(paths.notLookedAt).toEqual([]);
});

test("a macvlan of another namespace's interface of the same number is none of this host's", async () => {
  const host = hostOf(
    {
      "ip --json --details link show": LINK,
      [`${INSIDE} ip --json --details address show`]: CHILD("02:00:00:00:00:77"),
      "bridge -json fdb show dev eth0": '[{"mac":"02:00:00:00:00:99"}]',
    },
    NAMESPACES,
  );
  expect((await readPaths(host, POLICY)).children).toEqual([]);
});

test("a host that tells nothing is not judged, and that is said", async () => {
  const paths = await readPaths(hostOf({}), POLICY);
  expect(paths).toMatchObject({ links: [], children: [], ingress: [] });
  expect(paths.notLookedAt).toEqual([
    "bridges and containers were not looked at: `ip` does not tell",
    "filters before the gate were not looked at: `tc` does not tell",
  ]);
});

test("each namespace is entered once, by its name where it has one, and an empty one never", async () => {
  const entered: string[] = [];
  const files: Record<string, string> = {
    "/proc/self/mountinfo": [
      "49 41 0:4 net:[2] /run/netns/blue rw shared:6 - nsfs nsfs rw",
      "50 41 0:4 net:[5] /run/netns/idle rw shared:7 - nsfs nsfs rw",
      "51 41 0:4 net:[1] /run/netns/own rw shared:8 - nsfs nsfs rw",
      "52 41 0:4 mnt:[6] /run/other rw - nsfs nsfs rw",
    ].join("\n"),
    "/proc/20/net/dev": "Inter-|   Receive\n face |bytes\n    lo:  0 0\n  eth0: 1 2\n",
    "/proc/21/net/dev": "Inter-|   Receive\n face |bytes\n    lo:  0 0\n",
    "/proc/22/net/dev": "Inter-|   Receive\n face |bytes\n    lo:  0 0\n  log0: 1 2\n",
  };
  const namespaces: Record<string, number> = { 10: 1, self: 1, 20: 2, 23: 2, 21: 3, 22: 4 };
  const host = hostOf(
    { "ip --json --details link show": LINK },
    {
      listFolder: () => Promise.resolve(ok(["10", "20", "23", "21", "22", "sys"])),
      readLink: (path) =>
        Promise.resolve(`net:[${namespaces[path.split("/")[2] ?? ""] ?? "none"}]`),
      readKernelFile: (path) => Promise.resolve(files[path]),
    },
  );
  await readPaths(
    {
      ...host,
      run: (argv, options) => {
        if (argv[0] === "nsenter") entered.push(argv[1] ?? "");
        return host.run(argv, options);
      },
    },
    POLICY,
  );
  expect(entered).toEqual([
    "--net=/run/netns/blue",
    "--net=/proc/22/ns/net",
    "--net=/run/netns/idle",
  ]);
});

test("without privilege the namespaces of containers are not looked at", async () => {
  const host = hostOf(
    { "ip --json --details link show": LINK, "tc -json qdisc show": "[]" },
    { ...NAMESPACES, readKernelFile: () => Promise.resolve("CapEff:\t0000000000001000\n") },
  );
  expect((await readPaths(host, POLICY)).notLookedAt).toEqual([
    "other network namespaces were not looked at: only root may",
  ]);
});

test("of very many namespaces the first are looked at", async () => {
  const pids = Array.from({ length: 100 }, (_, n) => `${n + 100}`);
  let entered = 0;
  const host: Host = {
    ...hostOf({ "ip --json --details link show": LINK }),
    listFolder: (path) => Promise.resolve(ok(path === "/proc" ? pids : [])),
    readLink: (path) => Promise.resolve(`net:[${path}]`),
  };
  const paths = await readPaths(
    {
      ...host,
      run: (argv, options) => {
        if (argv[0] === "nsenter") entered += 1;
        return host.run(argv, options);
      },
    },
    POLICY,
  );
  expect(entered).toBe(64);
  expect(paths.notLookedAt).toContain(
    "other network namespaces were not all looked at: there are 100",
  );
});
