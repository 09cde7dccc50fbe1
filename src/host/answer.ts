/** What comes back for a packet, and the promise of it. */

/**
 * What a packet met: `accepted` somebody who answers, `refused` a host on which nothing listens
 * there, `unreachable` neither (`why` is the system's word for it).
 */
export type Answer =
  | { readonly kind: "accepted" }
  | { readonly kind: "refused" }
  | { readonly kind: "unreachable"; readonly why: string };

/** A packet that was sent, and perhaps more of the same if nothing answers. */
export interface Sent {
  /**
   * Whether it is on its way, once that is known: this host has sent it, or never will. What is
   * sent after it comes after it, as far as networks keep the order.
   */
  readonly left: Promise<boolean>;
  /** Undefined once {@link Sent.end} was called before anything came. */
  readonly answer: Promise<Answer | undefined>;
  /** Sends no more, and listens no longer. Done twice, it is the same as once. */
  end(): void;
}

/** An answer that somebody waits for; the first to come counts. */
export function awaiting() {
  const { promise: answer, resolve: settle } = promised<Answer | undefined>();
  const { promise: left, resolve: leave } = promised<boolean>();
  return { answer, settle, left, leave };
}

function promised<T>() {
  let resolve: (value: T) => void = () => undefined;
  const promise = new Promise<T>((fulfil) => {
    resolve = fulfil;
  });
  return { promise, resolve };
}

export function answerIn(error: unknown): Answer {
  const why = codeOf(error);
  return why === "ECONNREFUSED" ? { kind: "refused" } : { kind: "unreachable", why };
}

export function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : String(error);
}
