/** Network namespaces, entered without a program in between: to start one takes its time. */
import { closeSync, openSync } from "node:fs";
import koffi from "koffi";

/** Of `setns`, in linux/sched.h. */
const CLONE_NEWNET = 0x40000000;

const setns = koffi.load("libc.so.6").func("int setns(int fd, int nstype)") as (
  fd: number,
  type: number,
) => number;

/**
 * What `act` starts, or reads of /proc/self/net, belongs to the named namespace. It has to be done
 * when it returns: everything else of this process stays where it was. Files under /sys and /etc
 * are those of this process, other than for what `ip netns exec` runs.
 */
export function inNamespace<T>(name: string, act: () => T): T {
  const here = openSync("/proc/self/ns/net", "r");
  try {
    enter(openSync(`/run/netns/${name}`, "r"));
    return act();
  } finally {
    enter(here);
  }
}

function enter(fd: number): void {
  const status = setns(fd, CLONE_NEWNET);
  closeSync(fd);
  if (status !== 0) throw new Error("inNamespace: setns failed; only root may");
}
