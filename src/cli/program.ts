/** How commander is made of the table of commands. */
import { Command as Commander, CommanderError } from "commander";
import { LimitExceeded } from "../host/index.ts";
import { escapeControl } from "../problem/escape.ts";
import { type Command, EXIT, type Exit, refuse, type World } from "./command.ts";

/** The same as in package.json. */
export const VERSION = "0.1.0";

/** Runs one command line, without the program's own name, and says how it ended. */
export async function runCommandLine(argv: readonly string[], world: World): Promise<Exit> {
  let exit: Exit = EXIT.ok;
  const program = new Commander("postern")
    .description(
      "Keeps a network service invisible and shut, and opens it to whoever knocks the right way.",
    )
    .version(VERSION)
    .exitOverride()
    .showHelpAfterError("see `postern --help`")
    .configureOutput({
      writeOut: world.stdout,
      writeErr: world.stderr,
      // It quotes what was typed.
      outputError: (text, write) => write(`postern: ${escapeLines(text.replace(/^error: /, ""))}`),
    });
  for (const command of await commandsFor(argv)) {
    addTo(program, command, world, (status) => {
      exit = status;
    });
  }
  try {
    await program.parseAsync(withHelpBetween(argv), { from: "user" });
  } catch (error) {
    if (error instanceof LimitExceeded) return refuse(world, [error.problem]);
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  }
  return exit;
}

/** First words that clients use; who knocks shall not wait for what only gates need. */
const CLIENT_WORDS: ReadonlySet<string | undefined> = new Set([
  "knock",
  "connect",
  "probe",
  "ssh-config",
]);

async function commandsFor([word]: readonly string[]): Promise<readonly Command[]> {
  if (CLIENT_WORDS.has(word)) return (await import("./client-commands.ts")).CLIENT_COMMANDS;
  return (await import("./commands.ts")).COMMANDS;
}

/** Commander takes `help` for a command of one word; of two it stands between them. */
function withHelpBetween(argv: readonly string[]): readonly string[] {
  const [first, group = "", ...names] = argv;
  const isOfTwo = first === "help" && Object.hasOwn(GROUPS, group) && names.length > 0;
  return isOfTwo ? [group, first, ...names] : argv;
}

function escapeLines(text: string): string {
  return text.split("\n").map(escapeControl).join("\n");
}

function addTo(
  program: Commander,
  command: Command,
  world: World,
  end: (status: Exit) => void,
): void {
  const [word = "", second] = command.name.split(" ");
  const parent = second === undefined ? program : groupIn(program, word);
  const sub = parent
    .command(second ?? word, { hidden: command.isHidden === true })
    .description(command.summary)
    .exitOverride()
    .showHelpAfterError(`see \`postern ${command.name} --help\``);
  for (const [name, about] of command.arguments) sub.argument(name, about);
  for (const [flags, about] of command.options) sub.option(flags, about);
  refuseBoth(sub);
  sub.allowExcessArguments(false).action(async () => {
    end(await command.run({ arguments: sub.args, options: sub.opts() }, world));
  });
}

/** Of `--confirm TIME` and `--no-confirm` commander would take the last. */
function refuseBoth(sub: Commander): void {
  for (const { long, negate } of sub.options) {
    const positive = long?.replace("--no-", "--") ?? "";
    if (!negate || sub.options.every((option) => option.long !== positive)) continue;
    const given = new Set<string>();
    for (const name of [positive.slice(2), `no-${positive.slice(2)}`]) {
      sub.on(`option:${name}`, () => {
        given.add(name);
        if (given.size > 1) sub.error(`error: ${positive} and ${long} exclude each other`);
      });
    }
  }
}

/** What commands of two words share. */
const GROUPS: Readonly<Record<string, string>> = {
  key: "the clients that open doors with one-time tokens, and their keys",
  profile: "the doors that you can knock at, and what their clients need",
};

function groupIn(program: Commander, word: string): Commander {
  const made = program.commands.find((one) => one.name() === word);
  if (made !== undefined) return made;
  return program
    .command(word)
    .description(GROUPS[word] ?? "")
    .exitOverride()
    .showHelpAfterError(`see \`postern ${word} --help\``);
}
