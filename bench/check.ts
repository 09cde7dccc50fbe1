/**
 * How long `check` takes beside starting Node.js alone. Aims on two cores: the smallest policy
 * 1 s, 50 doors 5 s, whatever there is to say.
 */
import { POSTERN, type Stage, sideBySide, type Task } from "./timing/side-by-side.ts";

const ROUNDS = 9;
const DOORS = 50;
/** The ports of one door's steps lie in a part of their own. */
const PART = 300;
const STRONG = [1, 255, 123, 200, 50];

function tasks({ write, on }: Stage): Task[] {
  const check = (name: string, file: string, status = 0): Task => ({
    name: `check, ${name}`,
    argv: [...on("host"), ...POSTERN, "check", file],
    status,
  });
  return [
    { name: "node -e 0", argv: ["node", "-e", "0"] },
    check("smallest", "examples/smallest.yaml"),
    check(`${DOORS} doors`, write("good.yaml", doors(20_000, STRONG))),
    check(`${DOORS} doors to be moved`, write("moved.yaml", doors(40_000, STRONG))),
    // A policy with errors is refused.
    check(`${DOORS} doors that scans open`, write("weak.yaml", doors(20_000, [1, 2, 3])), 1),
  ];
}

/** Doors whose steps lie so far into their own parts of the ports from `first` on. */
function doors(first: number, places: readonly number[]): string {
  const all = Array.from({ length: DOORS }, (_, n) => {
    const steps = places.map((place) => first + PART * n + place);
    return [`door-${n}`, { protects: `tcp/${1000 + n}`, sequence: { steps } }];
  });
  return JSON.stringify({ doors: Object.fromEntries(all) });
}

sideBySide(ROUNDS, tasks);
