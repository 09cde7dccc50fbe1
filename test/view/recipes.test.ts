/** Lines that knock. That they open real doors, test/kernel/recipes.test.ts shows. */
import { describe, expect, test } from "vitest";
import type { Sequence } from "../../src/policy/policy.ts";
import { listRecipes, recipesOf, TOOLS } from "../../src/view/recipes.ts";
import { policyOf } from "../setup/policy.ts";

function sequenceOf(steps: string, within = "10s"): Sequence {
  const text = `{ protects: tcp/22, sequence: { steps: [${steps}], within: ${within} } }`;
  const [door] = policyOf(`doors: { ssh: ${text} }\n`).doors;
  if (door?.sequence === undefined) throw new Error("sequenceOf: there is none");
  return door.sequence;
}

function recipes(steps: string, host = "192.0.2.5", within = "10s") {
  const made = recipesOf(sequenceOf(steps, within), host);
  return Object.fromEntries(made.map(({ tool, line }) => [tool, line]));
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
      curl: 'curl -q -0sg -m 1 --noproxy "*" http://192.0.2.5:5001 tftp://192.0.2.5:4001 http://192.0.2.5:3001 >/dev/null',
      powershell:
        "& { foreach ($a in [Net.Dns]::GetHostAddresses('192.0.2.5')) { foreach ($s in 'tcp 5001', 'udp 4001', 'tcp 3001') { " +
        "$k, $n = -split $s; try { switch ($k) { " +
        "tcp { $c = [Net.Sockets.TcpClient]::new($a.AddressFamily); try { [void]$c.ConnectAsync($a, [int]$n).Wait(300) } finally { $c.Close() } }; " +
        "udp { $c = [Net.Sockets.UdpClient]::new($a.AddressFamily); $c.Connect($a, [int]$n); [void]$c.Send([byte[]]::new(1), 1); Start-Sleep -Milliseconds 300; $c.Close() } " +
        "} } catch { } } } }",
    });
  });

  test("ask for root only where nmap sends UDP", () => {
    expect(recipes("tcp/5001, 4001")["nmap"]).not.toContain("sudo");
    expect(recipes("udp/5001")["nmap"]).toContain("sudo");
    for (const [tool, line] of Object.entries(recipes("udp/5001")))
      expect(line.includes("sudo")).toBe(tool === "nmap");
  });

  test("leave pings to ping, in their place", () => {
    const { knock, nc, bash, curl } = recipes("5001, ping/63, 4001, 3001");
    expect(knock).toBe(
      "knock -d 200 192.0.2.5 5001; ping -c 1 -W 1 -s 63 192.0.2.5; knock -d 200 192.0.2.5 4001 3001",
    );
    for (const line of [nc, bash, curl]) {
      expect(line).toMatch(/5001.*; ping -c 1 -W 1 -s 63 192\.0\.2\.5; .*4001.*3001/);
    }
  });

  test("are only of what can ping where all steps are pings", () => {
    expect(recipes("ping/0, ping/63")).toEqual({
      ping: "ping -c 1 -W 1 -s 0 192.0.2.5; ping -c 1 -W 1 -s 63 192.0.2.5",
      powershell:
        "& { foreach ($a in [Net.Dns]::GetHostAddresses('192.0.2.5')) { foreach ($s in 'ping 0', 'ping 63') { " +
        "$k, $n = -split $s; try { switch ($k) { " +
        "ping { [void][Net.NetworkInformation.Ping]::new().Send($a, 300, [byte[]]::new([int]$n)) } " +
        "} } catch { } } } }",
    });
  });

  test("are of all tools together, and of each once", () => {
    const tools = [...Object.keys(recipes("5001, ping/1")), ...Object.keys(recipes("ping/1"))];
    expect(new Set(tools)).toEqual(new Set(TOOLS));
    expect(tools.length).toBe(TOOLS.length + 1);
  });

  test("send every ping of PowerShell itself, in its place", () => {
    const { powershell } = recipes("udp/5001, ping/63, tcp/4001");
    expect(powershell).toContain("'udp 5001', 'ping 63', 'tcp 4001'");
    expect(powershell).toMatch(/ping \{ .*; tcp \{ /);
    expect(powershell).not.toContain(" -s 63");
  });

  test("know in PowerShell how to make the steps that there are, and no others", () => {
    const { powershell } = recipes("5001, tcp/4001");
    expect(powershell).toContain("switch ($k) { tcp { ");
    expect(powershell).not.toMatch(/udp|ping/i);
  });

  test("are typed into PowerShell as they are, and handed over to it in double quotes", () => {
    for (const steps of ["5001, udp/4001, ping/63", "ping/0"]) {
      const line = recipes(steps, "2001:db8::5")["powershell"] ?? "";
      expect(line).not.toMatch(/["`%\n]/);
      expect(line.match(/\{/g)?.length).toBe(line.match(/\}/g)?.length);
      expect(line.match(/\(/g)?.length).toBe(line.match(/\)/g)?.length);
    }
  });

  test("tell nmap that an address is of IPv6; the others see it", () => {
    const { nmap, ...others } = recipes("tcp/5001", "2001:db8::5");
    expect(nmap).toContain("nmap -6 -n -Pn ");
    expect(Object.values(others).join()).not.toContain("-6");
    expect(recipes("tcp/5001", "host.example")["nmap"]).not.toContain("-6");
  });

  test("put an address of IPv6 in brackets for curl, which no shell takes for a pattern", () => {
    const curlOf = (host: string) => recipes("tcp/5001, udp/4001", host)["curl"];
    expect(curlOf("2001:db8::5")).toContain(
      ' "http://[2001:db8::5]:5001" "tftp://[2001:db8::5]:4001" >',
    );
    expect(curlOf("fe80::5%eth0")).toContain(' "http://[fe80::5%25eth0]:5001" ');
    expect(curlOf("host.example")).toContain(" http://host.example:5001 tftp://host.example:4001 ");
  });

  test.each(["1s", "2s"])("wait less where there are only %s between steps", (within) => {
    const { nc, nmap, bash, curl } = recipes("tcp/5001, ping/1", "192.0.2.5", within);
    expect(nc).toBe("timeout 0.5 nc -z 192.0.2.5 5001; timeout 0.5 ping -c 1 -W 1 -s 1 192.0.2.5");
    expect(nmap).toContain("--max-rtt-timeout 300ms");
    expect(bash).toContain("timeout 0.5 bash");
    expect(curl).toContain(" -m 0.5 ");
  });

  test("stand below each other", () => {
    const [first = "", second = ""] = listRecipes(recipesOf(sequenceOf("ping/1"), "192.0.2.5"));
    expect(first).toMatch(/^ping {8}ping -c/);
    expect(second).toMatch(/^powershell {2}& \{/);
  });

  test.each(["", "a b", "$(reboot)", "a;b", "-x", "x\n", "a'b"])("are not made for %j", (host) => {
    expect(() => recipesOf(sequenceOf("5001"), host)).toThrow("is not a host");
  });
});
