/** Lines that knock. That they open real doors, test/kernel/recipes.test.ts shows. */
import { describe, expect, test } from "vitest";
import type { Door } from "../../src/policy/policy.ts";
import { recipesOf } from "../../src/view/recipes.ts";
import { policyOf } from "../setup/policy.ts";

function doorWith(sequence: string): Door {
  const [door] = policyOf(`doors: { ssh: { protects: tcp/22${sequence} } }\n`).doors;
  if (door === undefined) throw new Error("doorWith: there is no door");
  return door;
}

function recipes(steps: string, host = "192.0.2.5", within = "10s") {
  const door = doorWith(`, sequence: { steps: [${steps}], within: ${within} }`);
  return Object.fromEntries(recipesOf(door, host).map(({ tool, line }) => [tool, line]));
}

describe("lines that knock", () => {
  test("are of TCP, UDP, and TCP where either will do", () => {
    expect(recipes("tcp/5001, udp/4001, 3001")).toEqual({
      knock: "knock -d 200 192.0.2.5 5001 4001:udp 3001",
      nc: "nc -z -w 1 192.0.2.5 5001; echo | nc -u -w 1 192.0.2.5 4001; nc -z -w 1 192.0.2.5 3001",
      nmap:
        "sudo nmap -n -Pn -sT --max-retries 0 -p 5001 192.0.2.5; " +
        "sudo nmap -n -Pn -sU --max-retries 0 -p 4001 192.0.2.5; " +
        "sudo nmap -n -Pn -sT --max-retries 0 -p 3001 192.0.2.5",
      bash: 'for s in tcp/192.0.2.5/5001 udp/192.0.2.5/4001 tcp/192.0.2.5/3001; do timeout 1 bash -c "echo >/dev/$s"; done 2>/dev/null',
    });
  });

  test("ask for root only where nmap sends UDP", () => {
    expect(recipes("tcp/5001, 4001")["nmap"]).not.toContain("sudo");
    expect(recipes("udp/5001")["nmap"]).toContain("sudo");
    for (const tool of ["knock", "nc", "bash"])
      expect(recipes("udp/5001")[tool]).not.toMatch(/sudo/);
  });

  test("leave pings to ping, in their place", () => {
    const { knock, nc, bash } = recipes("5001, ping/63, 4001, 3001");
    expect(knock).toBe(
      "knock -d 200 192.0.2.5 5001; ping -c 1 -W 1 -s 63 192.0.2.5; knock -d 200 192.0.2.5 4001 3001",
    );
    for (const line of [nc, bash]) {
      expect(line).toMatch(/5001.*; ping -c 1 -W 1 -s 63 192\.0\.2\.5; .*4001.*3001/);
    }
  });

  test("are of ping alone where all steps are pings", () => {
    expect(recipes("ping/0, ping/63")).toEqual({
      ping: "ping -c 1 -W 1 -s 0 192.0.2.5; ping -c 1 -W 1 -s 63 192.0.2.5",
    });
  });

  test("tell nmap that an address is of IPv6; the others see it", () => {
    const { nmap, ...others } = recipes("tcp/5001", "2001:db8::5");
    expect(nmap).toContain("nmap -6 -n -Pn ");
    expect(Object.values(others).join()).not.toContain("-6");
    expect(recipes("tcp/5001", "host.example")["nmap"]).not.toContain("-6");
  });

  test.each(["1s", "2s"])("wait less where there are only %s between steps", (within) => {
    const { nc, nmap, bash } = recipes("tcp/5001, ping/1", "192.0.2.5", within);
    expect(nc).toBe("timeout 0.5 nc -z 192.0.2.5 5001; timeout 0.5 ping -c 1 -W 1 -s 1 192.0.2.5");
    expect(nmap).toContain("--max-rtt-timeout 300ms");
    expect(bash).toContain("timeout 0.5 bash");
  });

  test("are none for a door that only the hand opens", () => {
    expect(recipesOf(doorWith(""), "192.0.2.5")).toEqual([]);
  });

  test.each(["", "a b", "$(reboot)", "a;b", "-x", "x\n", "a'b"])("are not made for %j", (host) => {
    expect(() => recipesOf(doorWith(""), host)).toThrow("is not a host");
  });
});
