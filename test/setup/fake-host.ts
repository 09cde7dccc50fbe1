/** A host that is made of answers, and remembers everything that was asked of it. */
import type { Finished, Host, Running } from "../../src/host/index.ts";
import { fail, ok, type Problem, type Result } from "../../src/problem/problem.ts";

export interface Asked {
  readonly argv: readonly string[];
  readonly stdin: string;
}

export interface Answers {
  readonly kernel?: string | undefined;
  /** Of /proc/self/status. */
  readonly capabilities?: string;
  readonly nftVersion?: Finished;
  /** How it ends to try rules of some parts of nftables; undefined: the kernel takes them. */
  readonly parts?: (rules: string) => Finished | undefined;
  /** How the question to the kernel ends whether it knows nftables at all. */
  readonly anyNftables?: Finished;
  /**
   * What `nft --json list table` prints of the gate, each time that it is asked. Undefined:
   * there is none. An end of nft: there is one, and nft does not list it.
   */
  readonly tables?: readonly (string | Finished | undefined)[];
  /** How loading ends, each time; the last one goes for all that follow. */
  readonly loads?: readonly Finished[];
  readonly files?: Readonly<Record<string, string>>;
  readonly conntrack?: string;
  /** What `ss` prints; by default that sshd listens. */
  readonly sockets?: string;
  /** Where symbolic links lead. */
  readonly links?: Readonly<Record<string, string>>;
  /** What `nft list table` prints of the gate for people. */
  readonly rules?: string;
  /** The same, each time that it is asked; the last one goes for all that follow. */
  readonly rulesInTurn?: readonly string[];
  /** How `nft --check` ends. */
  readonly check?: Finished;
  readonly systemdRun?: Finished;
  /** What `systemctl is-enabled postern.service` prints. */
  readonly unitState?: string;
  /** Whether somebody else is changing the gate. */
  readonly isLocked?: boolean;
  /** What is wrong with the folder in which things are kept. */
  readonly untrusted?: Problem;
  /** The name of every file for which there is no room. */
  readonly full?: RegExp;
  readonly environment?: Readonly<Record<string, string>>;
  /** What comes on stdin. */
  readonly input?: string;
}

export interface FakeHost extends Host {
  /** Every program that was run, but for the questions what the host is. */
  readonly ran: Asked[];
  /** What was loaded, in order. */
  readonly loaded: () => readonly string[];
  /** What was started apart. */
  readonly apart: (readonly string[])[];
  /** What was written, by path. */
  readonly written: Map<string, string>;
}

const SSHD = "LISTEN 0 128 *:22 *:*\n";
const DONE: Finished = { status: 0, stdout: "", stderr: "" };
const NOTHING = '{"nftables": []}';
const NOT_THERE: Finished = { status: 127, stdout: "", stderr: "spawn ENOENT" };

const PROBE = "nft --terse list chains inet";
/** Asked once whether the kernel has all parts of nftables that a gate needs. */
const PARTS = "table inet postern_parts ";
export const LIST = ["nft", "--json", "list", "table", "inet", "postern"] as const;
/** Of all tables; see `listWithoutMembers`. */
export const LIST_TERSE = ["nft", "--json", "--terse", "list", "ruleset", "inet"] as const;
export const LIST_SETS = ["nft", "--json", "--terse", "list", "sets", "inet"] as const;
export const LIST_CHAINS = ["nft", "--json", "--terse", "list", "chains", "inet"] as const;
/** Whether the table that sees fragments is there. */
export const LIST_FRAGMENTS = ["nft", "--terse", "list", "chains", "ip6"] as const;
export const LOAD = ["nft", "-f", "-"] as const;

export function prints(stdout: string): Finished {
  return { ...DONE, stdout };
}

export function fails(stderr: string, status = 1): Finished {
  return { status, stdout: "", stderr };
}

/** Without answers: a host of today, with root and without a gate. */
export function fakeHost(answers: Answers = {}): FakeHost {
  const ran: Asked[] = [];
  const apart: (readonly string[])[] = [];
  const written = new Map<string, string>();
  const write = (path: string, text: string) => {
    if (answers.full?.test(path) === true) return Promise.resolve(noRoom(path));
    written.set(path, text);
    return Promise.resolve(ok(undefined));
  };
  const programs = programsOf(answers);
  const files: Readonly<Record<string, string | undefined>> = {
    "/proc/sys/kernel/osrelease": "kernel" in answers ? answers.kernel : "6.1.0-31-amd64\n",
    "/proc/self/status": `Uid:\t0\t0\t0\t0\nCapEff:\t${answers.capabilities ?? "000001ffffffffff"}\n`,
    ...answers.files,
  };
  return {
    ran,
    loaded: () => ran.filter(({ argv }) => argv.join(" ") === LOAD.join(" ")).map((it) => it.stdin),
    run: (argv, { stdin = "" } = {}) => {
      const line = argv.join(" ");
      if (`${stdin}`.includes(PARTS))
        return Promise.resolve(answers.parts?.(`${stdin}`) ?? answers.anyNftables ?? DONE);
      if (!line.endsWith(" --version") && line !== PROBE) ran.push({ argv, stdin: `${stdin}` });
      if (argv[0] === "systemd-run") return Promise.resolve(answers.systemdRun ?? NOT_THERE);
      return Promise.resolve(programs[line]?.() ?? NOT_THERE);
    },
    start: (argv) => {
      if (argv[0] !== "flock") throw new Error(`fakeHost: ${argv[0]} is not started here`);
      return lockOf(answers.isLocked ?? false);
    },
    apart,
    startApart: (argv) => {
      apart.push(argv);
    },
    self: ["postern"],
    pause: () => Promise.resolve(),
    now: () => Date.UTC(2026, 0, 1),
    monotonic: () => 0,
    network: {
      lookUp: () => Promise.resolve({ why: "ENOTFOUND" }),
      hasRoute: () => Promise.resolve(false),
      sourceTo: () => Promise.resolve(undefined),
      connect: unexpected,
      prepareLooks: () => Promise.resolve(),
      look: unexpected,
      sendSegment: unexpected,
      sendDatagram: unexpected,
      ping: unexpected,
      sendEcho: unexpected,
      ask: unexpected,
    },
    interruption: () => Promise.race([]),
    onSignal: () => undefined,
    endNow: () => {
      throw new Error("fakeHost: ended");
    },
    sockets: unexpected,
    stampOf: () => Promise.resolve(undefined),
    readText: (path) => Promise.resolve(ok(files[path] ?? "")),
    readSecret: (path) => Promise.resolve(ok(written.get(path) ?? files[path])),
    readInput: () => Promise.resolve(ok(answers.input ?? "")),
    readKernelFile: (path) => Promise.resolve(files[path]),
    written,
    readKept: (path) => Promise.resolve(written.get(path) ?? files[path]),
    makeFolder: () => Promise.resolve(ok(undefined)),
    writeNew: write,
    replace: write,
    remove: (path) => {
      written.delete(path);
      return Promise.resolve(ok(undefined));
    },
    rename: (path, other) => {
      const text = written.get(path);
      if (text === undefined) return Promise.resolve(notThere(path));
      written.delete(path);
      written.set(other, text);
      return Promise.resolve(ok(undefined));
    },
    checkFile: () => Promise.resolve(ok(undefined)),
    checkFolder: () =>
      Promise.resolve(answers.untrusted === undefined ? ok(undefined) : fail(answers.untrusted)),
    readLink: (path) => Promise.resolve(answers.links?.[path]),
    listFolder: (path) =>
      Promise.resolve(
        ok(
          [...written.keys()].flatMap((name) =>
            name.startsWith(`${path}/`) ? [name.slice(path.length + 1)] : [],
          ),
        ),
      ),
    environment: (name) => answers.environment?.[name],
  };
}

/** `flock … cat`: says what is written to it if it holds the lock, and ends with 1 if not. */
function lockOf(isLocked: boolean): Running {
  const said: string[] = [];
  return {
    pid: 1,
    lines: (async function* () {
      await Promise.resolve();
      if (!isLocked) yield* said;
    })(),
    write: (text) => said.push(text.trim()),
    closeInput: () => undefined,
    stop: () => undefined,
    ended: Promise.resolve(isLocked ? 1 : 0),
  };
}

function unexpected(): never {
  throw new Error("fakeHost: it has no network");
}

function noRoom(path: string): Result<never> {
  const what = `${JSON.stringify(path)} cannot be written: the disk is full`;
  return fail({ code: "file-unwritable", severity: "error", what, fix: "make room on it" });
}

function notThere(path: string): Result<never> {
  const what = `${JSON.stringify(path)} does not exist`;
  return fail({ code: "file-unwritable", severity: "error", what, fix: "name another file" });
}

/** What the programs of the host answer, by their command line. */
function programsOf(answers: Answers) {
  const {
    nftVersion,
    tables,
    loads,
    conntrack,
    sockets = SSHD,
    rules = "table inet postern {\n}\n",
    check = DONE,
  } = answers;
  const nextTable = oneByOne(tables ?? [undefined]);
  const nextLoad = oneByOne(loads ?? [DONE]);
  const nextRules = oneByOne(answers.rulesInTurn ?? [rules]);
  let last: string | Finished = NOTHING;
  const list = () => {
    last = nextTable() ?? NOTHING;
    return listing(last);
  };
  /** Of several lists that are asked for at once, the first has everything. */
  const listSome = () => listing(nextTable() ?? NOTHING);
  const programs: Readonly<Record<string, () => Finished>> = {
    "nft --version": () => nftVersion ?? prints("nftables v1.0.6 (Lester Gooch #5)\n"),
    [PROBE]: () => answers.anyNftables ?? DONE,
    // With its members, right after it was listed without.
    [LIST.join(" ")]: () => listing(last),
    [LIST_TERSE.join(" ")]: list,
    [LIST_SETS.join(" ")]: listSome,
    [LIST_CHAINS.join(" ")]: () => prints(NOTHING),
    "nft --stateless --terse --numeric-protocol list ruleset inet": () =>
      prints(nextRules() ?? rules),
    "nft --check -f -": () => check,
    [LOAD.join(" ")]: () => nextLoad() ?? DONE,
    "systemctl is-enabled postern.service": () =>
      answers.unitState === undefined ? NOT_THERE : prints(`${answers.unitState}\n`),
    "ss --no-header --numeric --tcp --all": () => prints(sockets),
    "conntrack -L -p tcp": () => (conntrack === undefined ? NOT_THERE : prints(conntrack)),
  };
  return programs;
}

function listing(table: string | Finished): Finished {
  return typeof table === "string" ? prints(table) : table;
}

/** Each in its turn; the last one stays. */
function oneByOne<T>(all: readonly T[]): () => T | undefined {
  const left = [...all];
  return () => (left.length > 1 ? left.shift() : left[0]);
}
