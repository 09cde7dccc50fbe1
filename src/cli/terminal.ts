/** Asks at a terminal. Only loaded when there is something to ask. */
import { styleText } from "node:util";
import { confirm, isCancel, select, text } from "@clack/prompts";
import { escapeControl } from "../problem/escape.ts";
import type { Result } from "../problem/problem.ts";
import type { Asker, Question } from "./asker.ts";

export function askerOn(input: NodeJS.ReadStream, output: NodeJS.WriteStream): Asker {
  const streams = { input, output };
  return {
    async choose({ options, ...question }) {
      // By number, since clack's type of an option changes with what it holds.
      const numbered = options.map(({ label }, value) => ({ label, value }));
      const answer = await select({ message: lines(question), options: numbered, ...streams });
      return isCancel(answer) ? undefined : options[answer]?.value;
    },
    async read({ preset, parse, ...question }) {
      const answer = await text({
        message: lines(question),
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
      const answer = await confirm({
        message: lines(question),
        initialValue: preset,
        ...streams,
      });
      return isCancel(answer) ? undefined : answer;
    },
  };
}

function lines({ question, why }: Question): string {
  return `${question}\n${styleText("dim", why)}`;
}

function complaintOf(parsed: Result<unknown>): string | undefined {
  if (parsed.ok) return undefined;
  return parsed.problems.map(({ what, fix }) => escapeControl(`${what}; ${fix}`)).join("; ");
}
