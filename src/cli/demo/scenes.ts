/** The story that the demo tells. */
import { type Actor, ADDRESSES } from "./stage.ts";

export interface Scene {
  readonly title: string;
  readonly acts: readonly Act[];
  /** What the reader has seen, where it takes words. */
  readonly remark?: string;
}

export type Act =
  /** A program, from its beginning to its end. */
  | ({ readonly kind: "run" } & Performance)
  /** The same again and again, for as long as its output proves `still`. */
  | ({ readonly kind: "watch"; readonly still: Claim } & Performance)
  /** A program that stays: what is typed from then on is for it. */
  | ({ readonly kind: "enter" } & Cue)
  | { readonly kind: "type"; readonly text: string; readonly claim: Claim };

interface Cue {
  readonly actor: Actor;
  /** `postern` is this very program. */
  readonly argv: readonly string[];
}

export interface Performance extends Cue {
  /** The lines of its output that the reader gets to see. */
  readonly shows: RegExp;
  readonly claim: Claim;
  /** Its exit status, where that is not 0. */
  readonly status?: number;
}

/** What has to be true, or the demo has failed. */
export interface Claim {
  readonly words: string;
  /** Found in the output when it is. */
  readonly proof: RegExp;
}

export const POLICY = `\
doors:
  ssh:
    protects: tcp/22
    open-for: 6s
    sequence:
      steps: [21001, udp/24040, tcp/22777]
`;
/** What comes to mind first. */
export const OBVIOUS = POLICY.replace(/\[.*\]/, "[21001, 21002, 21003]");
const KNOCKS = ["21001", "24040:udp", "22777"];

const SERVER = ADDRESSES.server;
const FRIEND = ADDRESSES.friend;
const IS_SHUT = { words: "the door is shut to everybody", proof: /^ssh +shut$/m };
const IS_OPEN = {
  words: "the door is open to the friend",
  proof: new RegExp(`^ +open to ${FRIEND.ipv4}, `, "m"),
};
const UNSEEN = { words: "nothing answers at port 22", proof: /^22\/tcp .*filtered .*no-response/m };

export const PROLOGUE = {
  title: "Postern: a door that nobody sees, and that opens to the right knock",
  lines: [
    `  attacker  ${ADDRESSES.attacker.ipv4} ──┐`,
    `                           ├──  server  ${SERVER.ipv4}  with an SSH server on port 22`,
    `  friend    ${FRIEND.ipv4} ──┘`,
  ],
  remark: "The hosts are network namespaces; kernel, programs and packets are real.",
};

export const EPILOGUE = {
  title: "That was all of it. The hosts are gone, and nothing is left of them.",
  lines: [
    "docs/policy.md                what a policy can say",
    "postern init                  writes a first policy for this host",
    "postern check                 what scanners could do to it",
    "postern compile               what it becomes: firewall rules; changes nothing",
    "postern apply                 puts it to work on this host",
    "postern knock                 knocks, and says whether the door opened",
  ],
};

export const SCENES: readonly Scene[] = [
  {
    title: "Without Postern, everybody sees the SSH server",
    acts: [
      scan("attacker", [SERVER.ipv4], {
        words: "port 22 is open to the attacker",
        proof: /^22\/tcp +open +ssh +syn-ack/m,
      }),
    ],
    remark: "Whoever sees it can guess passwords, or wait for the next hole in sshd.",
  },
  {
    title: "The sequence that comes to mind first is one that a scan opens",
    acts: [
      run("server", ["grep", "steps", "obvious.yaml"], {
        words: "there is an obvious policy",
        proof: /21001, 21002, 21003/,
      }),
      {
        ...run(
          "server",
          ["postern", "check", "obvious.yaml"],
          { words: "check finds a scan that opens it", proof: /\[opened-by-scan\]/ },
          /^obvious.*error|= fix/,
        ),
        status: 1,
      },
    ],
    remark: "`check` plays thousands of scans against a policy before anybody else does.",
  },
  {
    title: "Six lines that no scan opens",
    acts: [
      run("server", ["cat", "policy.yaml"], { words: "there is a policy", proof: /^doors:/ }),
      run(
        "server",
        ["postern", "check", "policy.yaml"],
        { words: "check finds no scan that opens it", proof: /^ssh: none of \d+ scans opens it/m },
        /^ssh:/,
      ),
    ],
  },
  {
    title: "A gate that nobody confirms goes away by itself",
    acts: [
      run(
        "server",
        ["postern", "apply", "policy.yaml", "--confirm", "3s"],
        { words: "the gate is up", proof: /^the gate is up on/m },
        /^the gate|^awaiting confirmation/,
      ),
      {
        ...run(
          "server",
          ["postern", "status"],
          { words: "the gate is gone again", proof: /there is no gate/ },
          /^not confirmed|there is no gate/,
        ),
        kind: "watch",
        still: { words: "the gate waits", proof: /^not confirmed/ },
        status: 1,
      },
    ],
    remark: "So nobody locks themselves out over the very connection that a gate guards.",
  },
  {
    title: "Confirmed, it stays",
    acts: [
      run(
        "server",
        ["postern", "apply", "policy.yaml", "--confirm", "60s"],
        { words: "the gate is up", proof: /^the gate is up on/m },
        /^the gate is up/,
      ),
      run("server", ["postern", "confirm"], {
        words: "the gate stays",
        proof: /^confirmed: loaded for good$/,
      }),
    ],
    remark: "From here on the kernel alone watches the door: no process of Postern runs.",
  },
  {
    title: "The attacker scans in every way, and nothing answers",
    acts: [
      scan("attacker", [SERVER.ipv4], UNSEEN),
      scan("attacker", ["-sF", SERVER.ipv4], UNSEEN),
      scan("attacker", ["-sA", SERVER.ipv4], UNSEEN),
      scan("attacker", ["-6", SERVER.ipv6], UNSEEN),
      run(
        "attacker",
        ["nmap", "-n", "-r", "-p", "21000-25000", SERVER.ipv4],
        { words: "every knock port is scanned", proof: /4001 closed/ },
        /^Not shown/,
      ),
      status(IS_SHUT),
    ],
    remark: "The last scan sent every knock, too, but never the right ones in a row.",
  },
  {
    title: "A friend knocks, and the door opens to the friend alone",
    acts: [
      run("friend", ["knock", "-v", SERVER.ipv4, ...KNOCKS], {
        words: "three knocks are sent",
        proof: /(hitting .*\n){2}hitting/,
      }),
      status(IS_OPEN),
      { kind: "enter", actor: "friend", argv: ["ssh", `friend@${SERVER.ipv4}`] },
      type("echo $SSH_CONNECTION", {
        words: "the friend is logged in",
        proof: new RegExp(`^${FRIEND.ipv4} \\d+ ${SERVER.ipv4} 22$`),
      }),
      scan("attacker", [SERVER.ipv4], UNSEEN),
    ],
  },
  {
    title: "Six seconds after the knock the door shuts by itself",
    acts: [
      { ...status(IS_SHUT), kind: "watch", still: IS_OPEN },
      scan("friend", [SERVER.ipv4], UNSEEN),
      type("echo the session goes on", {
        words: "the friend is still logged in",
        proof: /^the session goes on$/,
      }),
    ],
    remark: "The friend, too, has to knock again for a new connection; the old one lives on.",
  },
  {
    title: "With Postern on the friend's side, too, knocking is one word",
    acts: [
      run(
        "friend",
        ["postern", "profile", "add", SERVER.ipv4, "--from", "policy.yaml"],
        { words: "the friend knows the door", proof: /^ {2}ssh +tcp\/22/m },
        /^ {2}ssh +tcp/,
      ),
      run("friend", ["postern", "knock", SERVER.ipv4], {
        words: "the door is open",
        proof: /^ssh of \S+ is open for 6s/,
      }),
      run("friend", ["ssh", `friend@${SERVER.ipv4}`, "echo $SSH_CONNECTION"], {
        words: "the friend is let in",
        proof: new RegExp(`^${FRIEND.ipv4} \\d+ ${SERVER.ipv4} 22$`, "m"),
      }),
    ],
    remark: "With the lines of `postern ssh-config`, it is none: `ssh` knocks by itself.",
  },
  {
    title: "The same six lines hold for IPv6",
    acts: [
      run("friend", ["knock", "-6", SERVER.ipv6, ...KNOCKS], {
        words: "knocks are sent",
        proof: /^/,
      }),
      run("friend", ["ssh", `friend@${SERVER.ipv6}`, "echo $SSH_CONNECTION"], {
        words: "the friend is let in",
        proof: new RegExp(`^${FRIEND.ipv6} \\d+ ${SERVER.ipv6} 22$`, "m"),
      }),
    ],
  },
];

function run(actor: Actor, argv: readonly string[], claim: Claim, shows = /^/) {
  return { kind: "run", actor, argv, claim, shows } as const;
}

function scan(actor: Actor, options: readonly string[], claim: Claim) {
  return run(actor, ["nmap", "-n", "--reason", "-p", "22", ...options], claim, /^22\/tcp/);
}

function type(text: string, claim: Claim) {
  return { kind: "type", text, claim } as const;
}

function status(claim: Claim) {
  return run("server", ["postern", "status"], claim, /^ssh|^ +open to|^ +so far/);
}
