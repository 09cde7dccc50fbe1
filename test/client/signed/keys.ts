/** Somebody with real SSH keys, a real agent and settings of ssh, in a home of their own. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterEach, beforeEach } from "vitest";
import { type Finished, type Host, system } from "../../../src/host/index.ts";
import type { Clock } from "../clock.ts";

export interface HomeOptions {
  readonly environment?: Readonly<Record<string, string>>;
  /** How long it takes somebody to have a text signed, each time; the last goes for all that follow. */
  readonly signingTakes?: readonly number[];
  /** Files that the kernel makes. */
  readonly kernel?: Readonly<Record<string, string>>;
}

export class Home {
  readonly folder = mkdtempSync(join(tmpdir(), "postern-home-"));
  readonly socket = join(this.folder, "agent");
  /** The arguments of each program that was run. */
  readonly ran: (readonly string[])[] = [];
  #agent: ChildProcess | undefined;

  constructor() {
    mkdirSync(join(this.folder, ".ssh"), { mode: 0o700 });
    mkdirSync(join(this.folder, "run"), { mode: 0o700 });
    this.settings("");
  }

  /** What ~/.ssh/config has. */
  settings(text: string): void {
    writeFileSync(join(this.folder, ".ssh", "config"), text, { mode: 0o600 });
  }

  path(name: string): string {
    return join(this.folder, ".ssh", name);
  }

  /** Makes a key in ~/.ssh; its public half. */
  make(name: string, ...options: readonly string[]): string {
    const usual = options.includes("-N") ? [] : ["-N", ""];
    run(["ssh-keygen", "-q", "-C", `of ${name}`, "-f", this.path(name), ...usual, ...options]);
    return readFileSync(`${this.path(name)}.pub`, "utf8").trim();
  }

  /** Gives a key to the agent, and starts one before that. */
  async hold(...names: readonly string[]): Promise<void> {
    await this.startAgent();
    const env = { ...process.env, SSH_AUTH_SOCK: this.socket };
    for (const name of names) run(["ssh-add", "-q", this.path(name)], env);
  }

  /** Removes what there is of a key in files. */
  forget(name: string): void {
    for (const file of [name, `${name}.pub`]) rmSync(this.path(file), { force: true });
  }

  async startAgent(): Promise<void> {
    if (this.#agent !== undefined) return;
    this.#agent = spawn("ssh-agent", ["-D", "-a", this.socket], { stdio: "ignore" });
    for (let n = 0; n < 500 && !existsSync(this.socket); n++) await pause(10);
  }

  /** What is left in the folder for temporary files. */
  temporaryFiles(): readonly string[] {
    return readdirSync(join(this.folder, "run"));
  }

  /** How often something was signed. */
  get signatures(): number {
    return this.ran.filter((argv) => argv[0] === "ssh-keygen").length;
  }

  /** The host of whoever lives here, in a network whose clock stands still meanwhile. */
  on(host: Host, clock: Clock, options: HomeOptions = {}): Host {
    const { environment = {}, signingTakes = [], kernel = {} } = options;
    const variables: Readonly<Record<string, string>> = {
      HOME: this.folder,
      XDG_RUNTIME_DIR: join(this.folder, "run"),
      ...(this.#agent === undefined ? {} : { SSH_AUTH_SOCK: this.socket }),
      ...environment,
    };
    const left = [...signingTakes];
    const nextTakes = () => (left.length > 1 ? left.shift() : left[0]) ?? 0;
    const runHere: Host["run"] = async (argv, more) => {
      this.ran.push(argv);
      const finished: Finished = await clock.hold(system.run(this.#withSettings(argv), more));
      if (argv[0] === "ssh-keygen") await clock.pause(nextTakes(), more?.end);
      return finished;
    };
    return {
      ...host,
      run: runHere,
      readText: (path) => clock.hold(system.readText(path)),
      writeNew: (path, text) => clock.hold(system.writeNew(path, text)),
      remove: (path) => clock.hold(system.remove(path)),
      readKernelFile: (path) => Promise.resolve(kernel[path]),
      environment: (name) => variables[name],
    };
  }

  /** ssh looks into the home that its user has in truth. */
  #withSettings([program = "", ...args]: readonly string[]): readonly string[] {
    return program === "ssh" ? [program, "-F", this.path("config"), ...args] : [program, ...args];
  }

  async leave(): Promise<void> {
    if (this.#agent !== undefined) {
      const ended = once(this.#agent, "exit");
      this.#agent.kill();
      await ended;
    }
    rmSync(this.folder, { recursive: true });
  }
}

/** Gives every test a home of its own. */
export function livingAlone(): () => Home {
  let home: Home | undefined;
  beforeEach(() => {
    home = new Home();
  });
  afterEach(async () => {
    await home?.leave();
  });
  return () => {
    if (home === undefined) throw new Error("livingAlone: no test has begun");
    return home;
  };
}

function run([program = "", ...args]: readonly string[], env = process.env): void {
  const { status, stderr } = spawnSync(program, args, { env, encoding: "utf8" });
  if (status !== 0) throw new Error(`${program} ${args.join(" ")}: ${stderr}`);
}
