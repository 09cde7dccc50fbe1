/** Time that passes only when nothing else is left to do. */

interface Due {
  readonly at: number;
  readonly act: () => void;
}

/** What takes no time here may take some in truth: a command is loaded from its file. */
const PATIENCE_MILLISECONDS = 10_000;

export class Clock {
  /** In milliseconds. */
  now = 0;
  #due: Due[] = [];
  /** What takes real time, during which none passes here. */
  #held = 0;

  /** Does something after so many milliseconds; what comes back calls it off. */
  after(milliseconds: number, act: () => void): () => void {
    const due = { at: this.now + Math.max(0, milliseconds), act };
    this.#due.push(due);
    return () => {
      this.#due = this.#due.filter((one) => one !== due);
    };
  }

  pause(milliseconds: number, end?: AbortSignal): Promise<void> {
    if (end?.aborted === true) return Promise.resolve();
    return new Promise((resolve) => {
      const callOff = this.after(milliseconds, () => {
        end?.removeEventListener("abort", stop);
        resolve();
      });
      const stop = () => {
        callOff();
        resolve();
      };
      end?.addEventListener("abort", stop, { once: true });
    });
  }

  /** Work of real programs and files, which takes no time here. */
  async hold<T>(work: Promise<T>): Promise<T> {
    this.#held += 1;
    try {
      return await work;
    } finally {
      this.#held -= 1;
    }
  }

  /** Lets time go by until the work is done, and throws where nothing will ever do it. */
  async run<T>(work: Promise<T>): Promise<T> {
    let isDone = false;
    const end = () => {
      isDone = true;
    };
    work.then(end, end);
    await idle();
    let moved = performance.now();
    while (!isDone) {
      if (this.#held > 0 || this.#goOn()) moved = performance.now();
      else if (performance.now() - moved > PATIENCE_MILLISECONDS) {
        throw new Error("Clock.run: nothing is left to wait for");
      }
      await idle();
    }
    return await work;
  }

  /** Lets so much time go by. */
  async pass(milliseconds: number): Promise<void> {
    await this.run(this.pause(milliseconds));
  }

  #goOn(): boolean {
    const at = Math.min(...this.#due.map((due) => due.at));
    const next = this.#due.find((due) => due.at === at);
    if (next === undefined) return false;
    this.#due = this.#due.filter((due) => due !== next);
    this.now = at;
    next.act();
    return true;
  }
}

/** Until all that is not waiting for time to pass has been done. */
function idle(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
