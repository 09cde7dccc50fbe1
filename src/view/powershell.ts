/** A line of PowerShell that knocks with what .NET has: on every Windows, and elsewhere. */
import type { Step } from "../policy/policy.ts";

/**
 * Time for a packet to leave, also where a neighbour has to be found first. Less than the half
 * second after which Windows sends a SYN that was refused again, which would be a wrong step by
 * then.
 */
const PAUSE_MILLISECONDS = 300;

type Kind = "tcp" | "udp" | "ping";

/** What is done to the address $a for a step with the number $n. */
const ACTS: Readonly<Record<Kind, string>> = {
  tcp:
    "$c = [Net.Sockets.TcpClient]::new($a.AddressFamily); " +
    `try { [void]$c.ConnectAsync($a, [int]$n).Wait(${PAUSE_MILLISECONDS}) } ` +
    "finally { $c.Close() }",
  udp:
    "$c = [Net.Sockets.UdpClient]::new($a.AddressFamily); $c.Connect($a, [int]$n); " +
    "[void]$c.Send([byte[]]::new(1), 1); " +
    `Start-Sleep -Milliseconds ${PAUSE_MILLISECONDS}; $c.Close()`,
  ping:
    "[void][Net.NetworkInformation.Ping]::new()" +
    `.Send($a, ${PAUSE_MILLISECONDS}, [byte[]]::new([int]$n))`,
};

/**
 * For Windows PowerShell 5 and for PowerShell 7. At every address of the host, one after the
 * other: nobody knows by which of them the connection will be made. In a block of its own, which
 * leaves no variables behind.
 */
export function printPowershell(steps: readonly Step[], host: string): string {
  const acts = [...new Set(steps.map(kindOf))].map((kind) => `${kind} { ${ACTS[kind]} }`);
  const makeStep = `$k, $n = -split $s; try { switch ($k) { ${acts.join("; ")} } } catch { }`;
  const makeSteps = `foreach ($s in ${steps.map(wordOf).join(", ")}) { ${makeStep} }`;
  return `& { foreach ($a in [Net.Dns]::GetHostAddresses('${host}')) { ${makeSteps} } }`;
}

function wordOf(step: Step): string {
  return `'${kindOf(step)} ${step.kind === "ping" ? step.payloadBytes : step.port}'`;
}

/** Where either will do, TCP. */
function kindOf(step: Step): Kind {
  if (step.kind === "ping") return "ping";
  return step.protocol === "udp" ? "udp" : "tcp";
}
