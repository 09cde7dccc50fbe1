/** How the demo looks: on a terminal in colour and at a reader's pace, elsewhere plain. */
import { escapeControl } from "../../problem/escape.ts";
import type { World } from "../command.ts";

export interface Screen {
  text(title: string, lines: readonly string[]): void;
  scene(number: number, title: string): Promise<void>;
  /** A command, behind the prompt at which it is typed. */
  command(prompt: Prompt, command: string): Promise<void>;
  output(line: string): void;
  /** Output in place of `before`, the last one. */
  outputAgain(before: readonly string[], lines: readonly string[]): void;
  /** Leaves time to read what a command printed. */
  rest(): Promise<void>;
  remark(text: string): Promise<void>;
}

const PROMPTS = {
  attacker: { text: "attacker$", tone: "1;35" },
  friend: { text: "friend$", tone: "1;36" },
  "friend@server": { text: "friend@server$", tone: "1;36" },
  server: { text: "server#", tone: "1;34" },
} as const;

export type Prompt = keyof typeof PROMPTS;

const TONES = { bold: "1", red: "31", green: "32", yellow: "1;33" } as const;

/** What a reader needs, in milliseconds. */
const PAUSES = { scene: 400, command: 150, output: 200, remark: 900 } as const;

export function screenOf({ host, stdout, colour }: World): Screen {
  const isLive = colour.stdout;
  const ansi = (codes: string, text: string) =>
    isLive && text !== "" ? `\u001b[${codes}m${text}\u001b[0m` : text;
  const paint = (tone: keyof typeof TONES, text: string) => ansi(TONES[tone], text);
  const pause = (milliseconds: number) => (isLive ? host.pause(milliseconds) : Promise.resolve());
  const print = (...lines: readonly string[]) => stdout(lines.map((text) => `${text}\n`).join(""));
  const output = (line: string) => print(`      ${lit(line, paint)}`);
  return {
    text: (title, lines) => print("", paint("bold", title), "", ...lines.map(indented)),
    async scene(number, title) {
      print("", `${paint("yellow", `${number}`)}  ${paint("bold", title)}`, "");
      await pause(PAUSES.scene);
    },
    async command(prompt, command) {
      const { text, tone } = PROMPTS[prompt];
      print(indented(`${ansi(tone, text)} ${paint("bold", command)}`));
      await pause(PAUSES.command);
    },
    output,
    outputAgain(before, lines) {
      // On paper, numbers that change are not worth a line.
      if (!isLive && withoutNumbers(before) === withoutNumbers(lines)) return;
      // To the first of the old lines, and away with all from there.
      if (isLive && before.length > 0) stdout(`\u001b[${before.length}A\u001b[J`);
      for (const line of lines) output(line);
    },
    rest: () => pause(PAUSES.output),
    async remark(text) {
      print("", indented(`${paint("yellow", "→")} ${text}`));
      await pause(PAUSES.remark);
    },
  };
}

/** A line with the words that matter in colours, so that the eye finds them. */
function lit(line: string, paint: (tone: "red" | "green", text: string) => string): string {
  return escapeControl(line)
    .replace(/\b(?:shut|no-response)$/, (word) => paint("red", word))
    .replace(/(?<=^\S+ +)open(?= |$)/, (word) => paint("green", word));
}

function withoutNumbers(lines: readonly string[]): string {
  return lines.join("\n").replaceAll(/\d+/g, "");
}

function indented(line: string): string {
  return line === "" ? "" : `   ${line}`;
}

/** An argument vector as it would be typed. */
export function commandLine(argv: readonly string[]): string {
  return argv
    .map((argument) => (/^[\w@%+=:,./-]+$/.test(argument) ? argument : `'${argument}'`))
    .join(" ");
}
