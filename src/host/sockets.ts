/**
 * Sockets of kinds that Node.js has not. The C library makes them; from then on they are files, of
 * which the kernel makes one datagram of each read and each write.
 */
import { close, read, readSync, writeSync } from "node:fs";
import { endianness } from "node:os";
import { promisify } from "node:util";
import type { Family } from "../policy/address.ts";
import { fail, ok, type Problem, type Result } from "../problem/problem.ts";
import { codeOf } from "./answer.ts";

export interface Socket {
  /** The next datagram, whenever it comes; `lost` where the kernel had no room for some. */
  read(): Promise<Uint8Array | "lost">;
  /** The same for one that is there already: nothing else goes on until then. */
  readNow(): Uint8Array;
  /** Throws what the system says against it. */
  write(bytes: Uint8Array): void;
  /** Only while nobody is reading: the process would wait for that. */
  close(): void;
}

export interface Sockets {
  /** To the part of the kernel that has to do with packets (NETLINK_NETFILTER). */
  netfilter(): Result<Socket>;
  /** For echo requests to an address of 4 or 16 bytes; `scope` is the number of its link, or 0. */
  echo(address: Uint8Array, scope: number): Result<Socket>;
  /**
   * For a TCP connection of which the handshake is not finished: for up to 200 ms the last part of
   * it is held back. Closed, it is reset; if that is by then, the service has never seen it. The
   * number of an open file.
   */
  unfinished(family: Family): Result<number>;
  /** For TCP segments of any kind to an address of 4 or 16 bytes; takes a privilege. */
  segments(address: Uint8Array, scope: number): Result<Socket>;
  /** To a Unix socket that takes datagrams; `@` in front: one that is in no folder. */
  datagrams(path: string): Result<Socket>;
  /** Runs another program in the place of this one. Comes back only if that is not possible. */
  become(argv: readonly string[]): Problem;
}

/** Constants of Linux, on every processor that the package `koffi` is there for. */
const AF = { unix: 1, ipv4: 2, ipv6: 10, netlink: 16 } as const;
const SOCK = { stream: 1, datagram: 2, raw: 3, closedOnExec: 0o2000000, atOnce: 0o4000 } as const;
const PROTOCOL = { any: 0, icmp: 1, tcp: 6, netfilter: 12, icmpv6: 58 } as const;
const F_SETFD = 2;
const SOL_SOCKET = 1;
const SO_RCVBUFFORCE = 33;
const SO_LINGER = 13;
const TCP_QUICKACK = 12;

/** What a flood of a second brings. */
const RECEIVE_BYTES = 8 * 1024 * 1024;
const LONGEST_DATAGRAM = 128 * 1024;

let loading: Promise<Result<Sockets>> | undefined;

/** Loads what they need, which is a package that may be missing. */
export function loadSockets(): Promise<Result<Sockets>> {
  loading ??= load();
  return loading;
}

async function load(): Promise<Result<Sockets>> {
  try {
    const { default: koffi } = await import("koffi");
    return ok(
      socketsOf(functionsOf(koffi.load(null)), () => errorName(koffi.errno(), koffi.os.errno)),
    );
  } catch (error) {
    return fail(noLibrary(error));
  }
}

type Koffi = typeof import("koffi");
type Functions = ReturnType<typeof functionsOf>;

/** Functions of the C library, as section 2 of the manual describes them. */
function functionsOf(library: ReturnType<Koffi["load"]>) {
  const address = "const void *address, uint32_t length";
  return {
    socket: library.func("int socket(int domain, int type, int protocol)"),
    bind: library.func(`int bind(int fd, ${address})`),
    connect: library.func(`int connect(int fd, ${address})`),
    setOption: library.func(
      "int setsockopt(int fd, int level, int name, const void *value, uint32_t length)",
    ),
    control: library.func("int fcntl(int fd, int command, ...)"),
    execute: library.func("int execvp(const char *file, const char **argv)"),
  };
}

function errorName(number: number, names: Readonly<Record<string, number>>): string {
  const named = Object.entries(names).find(([, value]) => value === number);
  return named?.[0] ?? `error ${number}`;
}

/** How sockets are made, and attached to an address. */
function makersOf(c: Functions, lastError: () => string) {
  const make = (domain: number, types: readonly number[], protocol: number): Result<number> => {
    for (const type of types) {
      const fd: number = c.socket(domain, type | SOCK.closedOnExec, protocol);
      if (fd >= 0) return ok(fd);
    }
    return fail(noSocket(lastError()));
  };
  const attach = (
    fd: Result<number>,
    how: "bind" | "connect",
    to: Uint8Array,
    problemOf = noSocket,
  ): Result<Socket> => {
    if (!fd.ok) return fd;
    if (c[how](fd.value, to, to.length) === 0) return ok(socketOf(fd.value));
    const problem = problemOf(lastError());
    socketOf(fd.value).close();
    return fail(problem);
  };
  return { make, attach };
}

function socketsOf(c: Functions, lastError: () => string): Sockets {
  const { make, attach } = makersOf(c, lastError);
  return {
    netfilter: () => {
      const fd = make(AF.netlink, [SOCK.raw], PROTOCOL.netfilter);
      if (fd.ok) {
        const size = hostOrder([RECEIVE_BYTES]);
        c.setOption(fd.value, SOL_SOCKET, SO_RCVBUFFORCE, size, size.length);
      }
      return attach(fd, "bind", socketAddress(AF.netlink, 12));
    },
    echo: (address, scope) => {
      const isIpv4 = address.length === 4;
      const domain = isIpv4 ? AF.ipv4 : AF.ipv6;
      // The first for everybody where the system allows it (`net.ipv4.ping_group_range`).
      const types = [SOCK.datagram, SOCK.raw];
      const fd = make(domain, types, isIpv4 ? PROTOCOL.icmp : PROTOCOL.icmpv6);
      if (!fd.ok) return fail(noEcho(lastError()));
      const to = isIpv4 ? ipv4Socket(address) : ipv6Socket(address, scope);
      return attach(fd, "connect", to, noWay);
    },
    unfinished: (family) => {
      const fd = make(AF[family], [SOCK.stream], PROTOCOL.any);
      if (!fd.ok) return fd;
      const [isOff, atOnce] = [hostOrder([0]), hostOrder([1, 0])];
      c.setOption(fd.value, PROTOCOL.tcp, TCP_QUICKACK, isOff, isOff.length);
      c.setOption(fd.value, SOL_SOCKET, SO_LINGER, atOnce, atOnce.length);
      return fd;
    },
    segments: (address, scope) => {
      const isIpv4 = address.length === 4;
      // Whoever reads looks again and again, and nothing has to be woken up in the end.
      const fd = make(isIpv4 ? AF.ipv4 : AF.ipv6, [SOCK.raw | SOCK.atOnce], PROTOCOL.tcp);
      if (!fd.ok) return fail(noSegments(lastError()));
      const to = isIpv4 ? ipv4Socket(address) : ipv6Socket(address, scope);
      return attach(fd, "connect", to, noWay);
    },
    datagrams: (path) => attach(make(AF.unix, [SOCK.datagram], 0), "connect", unixSocket(path)),
    become: ([program = "", ...args]) => {
      // Node.js has marked them to be closed then.
      for (const fd of [0, 1, 2]) c.control(fd, F_SETFD, "int", 0);
      c.execute(program, [program, ...args, null]);
      return cannotBecome(program, lastError());
    },
  };
}

function socketOf(fd: number): Socket {
  const buffer = Buffer.alloc(LONGEST_DATAGRAM);
  const readInto = promisify(read);
  return {
    read: async () => {
      try {
        const { bytesRead } = await readInto(fd, buffer, 0, buffer.length, null);
        return Uint8Array.from(buffer.subarray(0, bytesRead));
      } catch (error) {
        if (codeOf(error) === "ENOBUFS") return "lost";
        throw error;
      }
    },
    readNow: () => Uint8Array.from(buffer.subarray(0, readSync(fd, buffer))),
    write: (bytes) => {
      writeSync(fd, bytes);
    },
    close: () => close(fd, () => undefined),
  };
}

/** Begins with the family, in the order of bytes of this host. */
function socketAddress(family: number, bytes: number): Buffer {
  const address = Buffer.alloc(bytes);
  if (endianness() === "LE") address.writeUInt16LE(family);
  else address.writeUInt16BE(family);
  return address;
}

function ipv4Socket(address: Uint8Array): Buffer {
  const to = socketAddress(AF.ipv4, 16);
  to.set(address, 4);
  return to;
}

function ipv6Socket(address: Uint8Array, scope: number): Buffer {
  const to = socketAddress(AF.ipv6, 28);
  to.set(address, 8);
  to.set(hostOrder([scope]), 24);
  return to;
}

function unixSocket(path: string): Buffer {
  const name = Buffer.from(path);
  if (path.startsWith("@")) name[0] = 0;
  const to = Buffer.concat([socketAddress(AF.unix, 2), name]);
  return path.startsWith("@") ? to : Buffer.concat([to, Buffer.alloc(1)]);
}

function hostOrder(numbers: readonly number[]): Uint8Array {
  return new Uint8Array(Uint32Array.from(numbers).buffer);
}

function noLibrary(error: unknown): Problem {
  return {
    code: "host-no-koffi",
    severity: "error",
    what: `the package koffi, which makes sockets that Node.js has not, cannot be loaded: ${error instanceof Error ? error.message.split("\n")[0] : ""}`,
    fix: "install Postern with its optional packages (`npm ci`)",
  };
}

function noSocket(why: string): Problem {
  return {
    code: "host-no-socket",
    severity: "error",
    what: `the system gives this user no such socket: ${why}`,
    fix: "run it as root",
  };
}

function noEcho(why: string): Problem {
  return {
    code: "host-no-echo",
    severity: "error",
    what: `this user may send no echo requests: ${why}`,
    fix: 'the sysctl net.ipv4.ping_group_range="0 2147483647" lets everybody',
  };
}

function noSegments(why: string): Problem {
  return {
    code: "host-no-segments",
    severity: "error",
    what: `this user may use no raw sockets: ${why}`,
    fix: "run it as root, or with CAP_NET_RAW",
  };
}

function noWay(why: string): Problem {
  return {
    code: "host-no-way",
    severity: "error",
    what: `this host knows no way there: ${why}`,
    fix: "`ip route get ADDRESS` shows what it knows",
  };
}

function cannotBecome(program: string, why: string): Problem {
  return {
    code: "host-no-program",
    severity: "error",
    what: `${program} cannot be started: ${why}`,
    fix: `install ${program}`,
  };
}
