/**
 * A gate that stories are told to: put up without a command of ours, and changed as quickly as the
 * kernel takes it, so that everybody knows which packets came before a command and which after.
 */
import {
  type Lasting,
  listsOf,
  parseSaved,
  printRules,
  printTransaction,
} from "../../src/backend/iptables/index.ts";
import { listFor } from "../../src/backend/iptables/lists.ts";
import type { LiveSet } from "../../src/backend/live.ts";
import {
  parseListing,
  printForget,
  printForgetAll,
  printNftables,
  printRemember,
} from "../../src/backend/nftables/index.ts";
import { compilePolicy } from "../../src/compile/index.ts";
import type { Event, Story } from "../../src/model/story.ts";
import { type Address, type Family, maskAddress, printAddress } from "../../src/policy/address.ts";
import type { Policy } from "../../src/policy/policy.ts";
import { hexOf, type Program, type Role, type TimedSet } from "../../src/program/index.ts";
import { setOfTokens } from "../scenarios/judges.ts";
import { STORY_TAG } from "../scenarios/signed.ts";
import { type Holder, letGo } from "./holders.ts";
import type { Host } from "./host.ts";

type Load = Extract<Event, { readonly kind: "load" }>;

/** What an administrator does, and whoever puts tokens in. */
export type Command = Exclude<Event, { readonly kind: "packet" | "answer" }>;

type OfSource = Exclude<Command, Load>;

export interface StoryGate {
  /** All at once, in their order. */
  readonly give: (commands: readonly Command[]) => Promise<void>;
  readonly remove: () => Promise<void>;
}

/** @param stories whose commands the gate must be able to take. */
export async function putUp(
  holder: Holder,
  host: Host,
  policy: Policy,
  stories: readonly Story[],
): Promise<StoryGate> {
  const program = compilePolicy(policy, {}, holder.memory);
  const give =
    holder.name === "nftables"
      ? await putUpNftables(host, program)
      : await putUpIptables(holder.name, host, program, stories);
  return { give, remove: () => letGo(holder, host) };
}

type Give = StoryGate["give"];

async function putUpNftables(host: Host, program: Program): Promise<Give> {
  await host.run(["nft", "-f", "-"], { stdin: printNftables(program) });
  const { stdout } = await host.run(["nft", "--json", "list", "table", "inet", "postern"]);
  const sets = parseListing(stdout).sets.map((set) => ({ set, ...set, role: set.label.role }));
  const tags = sets.find(({ role }) => role.kind === "signed-tags");
  if (tags !== undefined) {
    const element = `add element inet postern ${tags.name} { 0x${hexOf(STORY_TAG)} timeout 1h }`;
    await host.run(["nft", "-f", "-"], { stdin: `${element}\n` });
  }
  return async (commands) => {
    const lines = commands.flatMap((command) =>
      command.kind === "load"
        ? [load(setOfTokens(program, command), command)]
        : touchedBy(sets, command).map(({ set }) => inNft(set, command)),
    );
    await host.run(["nft", "-f", "-"], { stdin: lines.join("") });
  };
}

function load({ name }: TimedSet, { token, forSeconds }: Load): string {
  const timeout = `${Math.round(forSeconds * 1000)}ms`;
  return `add element inet postern ${name} { 0x${hexOf(token)} timeout ${timeout} }\n`;
}

function inNft(set: LiveSet, command: OfSource): string {
  const isEnding = set.label.role.kind === "begun";
  if (!isEnding && (command.kind === "open" || command.kind === "ban")) {
    return printRemember(set, command.source, command.forSeconds);
  }
  const { source } = command;
  return source === undefined ? printForgetAll(set) : printForget(set, source);
}

async function putUpIptables(
  name: "iptables-nft" | "iptables-legacy",
  host: Host,
  program: Program,
  stories: readonly Story[],
): Promise<Give> {
  const lasting = listsWanted(program, stories);
  const stdin = printTransaction(printRules(program, { lasting }), parseSaved(""));
  for (const restore of [`${name}-restore`, `${name.replace("ip", "ip6")}-restore`]) {
    await host.run([restore, "--noflush", "--counters"], { stdin });
  }
  return async (commands) => {
    const lines = commands.flatMap((command) => {
      if (command.kind === "load") throw new Error(`${name} has no sets of tokens`);
      const touched = touchedBy(program.sets, command);
      return touched.flatMap((set) => inLists(program, lasting, set, command));
    });
    await host.run(["sh", "-e"], { stdin: lines.join("") });
  };
}

/** A list holds members for one time: those that the commands need, the policy does not tell. */
function listsWanted(program: Program, stories: readonly Story[]): Lasting[] {
  return stories.flat().flatMap((event) =>
    event.kind === "open" || event.kind === "ban"
      ? touchedBy(program.sets, event)
          .filter(({ role }) => role.kind !== "begun")
          .map((set) => listFor(set, event.forSeconds))
      : [],
  );
}

function inLists(
  program: Program,
  lasting: readonly Lasting[],
  set: TimedSet,
  command: OfSource,
): string[] {
  const own = listsOf(program, lasting).filter((list) => list.set.name === set.name);
  const forgotten = own.map(({ name }) => write(name, lineFor("-", set, command.source)));
  const isEnding = set.role.kind === "begun";
  if (isEnding || (command.kind !== "open" && command.kind !== "ban")) return forgotten;
  const { name } = listFor(set, command.forSeconds);
  return [...forgotten, write(name, lineFor("+", set, command.source))];
}

function lineFor(sign: "+" | "-", { key }: TimedSet, source: Address | undefined): string {
  if (source === undefined) return "/";
  if (key.kind !== "source") throw new Error("lineFor: not a set of sources");
  return `${sign}${printAddress(maskAddress(source, key.prefixLength))}`;
}

function write(list: string, line: string): string {
  return `echo ${line} >/proc/net/xt_recent/${list}\n`;
}

const TOUCHED: Readonly<Record<OfSource["kind"], readonly Role["kind"][]>> = {
  open: ["grants"],
  close: ["grants", "begun"],
  ban: ["banned", "begun"],
  unban: ["banned", "auto-banned", "wrong"],
};

function touchedBy<T extends { readonly role: Role; readonly family: Family | undefined }>(
  sets: readonly T[],
  command: OfSource,
): T[] {
  return sets.filter(
    ({ role, family }) =>
      TOUCHED[command.kind].includes(role.kind) &&
      (command.source === undefined || command.source.family === family) &&
      !("door" in command && "door" in role && command.door !== role.door),
  );
}
