/**
 * How long the commands take that an administrator waits for, beside starting Node.js and the
 * programs of the firewall alone. Aims on two cores: `compile` of the smallest policy 150 ms, of
 * 200 doors 500 ms; `apply` of 200 doors 1 s, without the check.
 */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { POSTERN, type Stage, sideBySide, type Task } from "./timing/side-by-side.ts";

const ROUNDS = 15;
const DOORS = 200;

function tasks(stage: Stage): Task[] {
  const many = stage.write("many.yaml", manyDoors());
  const alone = stage.write("many.nft", output([...POSTERN, "compile", many]));
  const script = stage.write("many.sh", output([...COMPILE_FOR_IPTABLES, many]));
  return [
    { name: "node -e 0", argv: ["node", "-e", "0"] },
    { name: "postern --help", argv: [...POSTERN, "--help"] },
    { name: "compile, smallest", argv: [...POSTERN, "compile", "examples/smallest.yaml"] },
    { name: `compile, ${DOORS} doors`, argv: [...POSTERN, "compile", many] },
    {
      name: `check, ${DOORS} doors`,
      argv: [...stage.on("nft"), ...POSTERN, "check", many],
      status: 1,
    },
    { name: `nft -f alone, ${DOORS} doors`, argv: [...stage.on("alone"), "nft", "-f", alone] },
    ...on("nftables", stage, many),
    { name: `the script alone, ${DOORS} doors`, argv: [...stage.on("script"), "sh", script] },
    ...on("iptables", stage, many),
  ];
}

const COMPILE_FOR_IPTABLES = [...POSTERN, "compile", "--backend", "iptables"] as const;

/** What is done on a host whose gate is of that backend. */
function on(backend: string, stage: Stage, many: string): Task[] {
  const host = stage.on(backend);
  const small = stage.write(
    `${backend}-small.yaml`,
    `{backend: ${backend}, doors: {ssh: {protects: tcp/22}}}`,
  );
  const large = stage.write(
    `${backend}-many.yaml`,
    readFileSync(many, "utf8").replace("{", `{"backend":"${backend}",`),
  );
  const apply = [...host, ...POSTERN, "apply", "--anyway", "--no-confirm"];
  return [
    { name: `${backend}: apply, smallest`, argv: [...apply, small] },
    { name: `${backend}: apply, ${DOORS} doors`, argv: [...apply, large] },
    { name: `${backend}: status, ${DOORS} doors`, argv: [...host, ...POSTERN, "status"] },
  ];
}

/** Each door with three steps of its own, which some scans hit: the check has much to say. */
function manyDoors(): string {
  const doors = Array.from({ length: DOORS }, (_, n) => {
    const steps = [20_000 + 3 * n, `udp/${20_002 + 3 * n}`, `tcp/${20_001 + 3 * n}`];
    return [`door-${n}`, { protects: `tcp/${1000 + n}`, sequence: { steps } }];
  });
  return JSON.stringify({ doors: Object.fromEntries(doors) });
}

function output([program = "", ...args]: readonly string[]): string {
  return execFileSync(program, args, { encoding: "utf8", maxBuffer: 2 ** 24 });
}

sideBySide(ROUNDS, tasks);
