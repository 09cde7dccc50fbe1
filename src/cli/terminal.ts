/** Asks at a terminal. Only loaded when there is something to ask. */
import { styleText } from "node:util";
import { confirm, isCancel, select, text } from "@clack/prompts";
import { escapeControl } from "../problem/escape.ts";
import type { Result } from "../problem/problem.ts";
import type { Asker, Question } from "./asker.ts";

/** What Ctrl-D types. */
const END_OF_TRANSMISSION = "\u0004";

export function askerOn(input: NodeJS.ReadStream, output: NodeJS.WriteStream): Asker {
  // A serial console does not say how large it is, and each letter would get a line of its own.
  if (output.columns === 0) output.columns = 80;
  if (output.rows === 0) output.rows = 24;
  const brokenOff = new AbortController();
  // Clack knows Ctrl-C. After Ctrl-D, and at the end of a terminal, it would wait for ever.
  input.on("keypress", (_text, key: { readonly sequence?: string } | undefined) => {
    if (key?.sequence === END_OF_TRANSMISSION) brokenOff.abort();
  });
  input.on("end", () => brokenOff.abort());
  const streams = { input, output, signal: brokenOff.signal, withGuide: false };
  /** Clack takes a message of one line. */
  const explain = ({ question, why }: Question) => {
    output.write(`\n${styleText("dim", why, { stream: output })}\n`);
    return question;
  };
  return {
    async choose({ options, ...question }) {
      // By number, since clack's type of an option changes with what it holds.
      const numbered = options.map(({ label }, value) => ({ label, value }));
      const answer = await select({ message: explain(question), options: numbered, ...streams });
      return isCancel(answer) ? undefined : options[answer]?.value;
    },
    async read({ preset, parse, ...question }) {
      const answer = await text({
        message: explain(question),
        placeholder: preset,
        defaultValue: preset,
        validate: (typed = "") => complaintOf(parse(typed === "" ? preset : typed)),
        ...streams,
      });
      if (isCancel(answer)) return undefined;
      const parsed = parse(answer);
      return parsed.ok ? parsed.value : undefined;
    },
    async confirm({ preset, ...question }) {
      const message = explain(question);
      const answer = await confirm({ message, initialValue: preset, ...streams });
      return isCancel(answer) ? undefined : answer;
    },
  };
}

function complaintOf(parsed: Result<unknown>): string | undefined {
  if (parsed.ok) return undefined;
  return parsed.problems.map(({ what, fix }) => escapeControl(`${what}; ${fix}`)).join("; ");
}
