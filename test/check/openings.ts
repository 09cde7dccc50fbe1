/** A sequence for each kind of scan, and the scan that opens it: nothing simpler does. */
export interface Opening {
  readonly steps: string;
  readonly watch: string | undefined;
  readonly scan: string;
  /** For the shell, with the word HOST. */
  readonly command: string;
}

export const OPENINGS: readonly Opening[] = [
  {
    steps: "[51001, 51002, 51003]",
    watch: "51000-51010",
    scan: "a scan of all ports upwards over TCP",
    command: "nmap -r -Pn -n --max-retries 0 -p 51001-51003 HOST",
  },
  {
    steps: "[51003, 51002, 51001]",
    watch: "51000-51010",
    scan: "a scan of all ports downwards over TCP",
    command: "knock HOST $(seq 51003 -1 51001)",
  },
  {
    steps: "[udp/51001, udp/51002]",
    watch: "51000-51010",
    scan: "a scan of all ports upwards over UDP",
    command: "nmap -sU -r -Pn -n --max-retries 0 -p 51001-51002 HOST",
  },
  {
    steps: "[udp/51002, udp/51001]",
    watch: "51000-51010",
    scan: "a scan of all ports downwards over UDP",
    command: "knock -u HOST $(seq 51002 -1 51001)",
  },
  {
    steps: "[51001, 51003, 51002]",
    watch: "51001-51003",
    scan: "a scan of all odd ports and then of all even ones over TCP",
    command: "knock HOST $(for n in 51001 51002; do seq $n 2 51003; done)",
  },
  {
    steps: "[51002, 51001, 51003]",
    watch: "51001-51003",
    scan: "a scan of all even ports and then of all odd ones over TCP",
    command: "knock HOST $(for n in 51002 51001; do seq $n 2 51003; done)",
  },
  {
    steps: "[tcp/51001, udp/51001]",
    watch: "51000-51010",
    scan: "a scan of all ports upwards over TCP and UDP by turns",
    command: String.raw`knock HOST $(seq 51001 51001 | sed 's/.*/&:tcp\n&:udp/')`,
  },
  {
    steps: "[udp/51001, tcp/51001]",
    watch: "51000-51010",
    scan: "a scan of all ports upwards over UDP and TCP by turns",
    command: String.raw`knock HOST $(seq 51001 51001 | sed 's/.*/&:udp\n&:tcp/')`,
  },
  {
    steps: "[tcp/51001, tcp/51001]",
    watch: "51000-51010",
    scan: "a scan of all ports upwards over TCP, each packet twice",
    command: "knock HOST $(seq 51001 51001 | sed p)",
  },
  {
    steps: "[51001, 51008, 51015]",
    watch: "51000-51020",
    scan: "a scan of all ports in strides of 7 over TCP",
    command:
      "knock HOST $(awk 'BEGIN { for (a = 50996; a < 51003; a++) for (p = a; p <= 51015; p += 7) print p }')",
  },
  {
    steps: "[32766, 32770, 32767]",
    watch: "32766-32770",
    scan: "a scan of all ports from both ends to the middle over TCP",
    command: String.raw`knock HOST $(for n in $(seq 32766 32768); do printf '%s\n' $n $((65536 - n)); done | uniq)`,
  },
  {
    steps: "[ping/56, 51001]",
    watch: "51001-51010",
    scan: "a scan of all ports upwards over TCP, after a ping of 56 bytes",
    command: "ping -c1 -W1 -s56 HOST; nmap -r -Pn -n --max-retries 0 -p 51001-51001 HOST",
  },
  {
    steps: "[tcp/51001, tcp/51002, udp/51001]",
    watch: "51001-51002",
    scan: "a scan of all ports upwards over TCP and then over UDP",
    command:
      "knock HOST $(seq 51001 51002 | sed 's/.*/&:tcp/') $(seq 51001 51002 | sed 's/.*/&:udp/')",
  },
  {
    steps: "[udp/51001, udp/51002, tcp/51001]",
    watch: "51001-51002",
    scan: "a scan of all ports upwards over UDP and then over TCP",
    command:
      "knock HOST $(seq 51001 51002 | sed 's/.*/&:udp/') $(seq 51001 51002 | sed 's/.*/&:tcp/')",
  },
  {
    steps: "[ping/63, ping/163]",
    watch: undefined,
    scan: "pings of all lengths upwards",
    command: "for n in $(seq 63 163); do ping -c1 -W1 -s$n HOST; done",
  },
  {
    steps: "[ping/163, ping/63]",
    watch: undefined,
    scan: "pings of all lengths downwards",
    command: "for n in $(seq 163 -1 63); do ping -c1 -W1 -s$n HOST; done",
  },
  {
    steps: "[ping/63, ping/63]",
    watch: undefined,
    scan: "pings of all lengths upwards, each packet twice",
    command: "for n in $(seq 63 63 | sed p); do ping -c1 -W1 -s$n HOST; done",
  },
  {
    steps: "[tcp/51001, tcp/51002, tcp/51001]",
    watch: "51001-51002",
    scan: "a scan of all ports upwards over TCP, twice in a row",
    command: "for i in 1 2; do knock HOST $(seq 51001 51002); done",
  },
  {
    steps: "[tcp/51001, tcp/51002, tcp/51001, tcp/51002, tcp/51001]",
    watch: "51001-51002",
    scan: "a scan of all ports upwards over TCP, three times in a row",
    command: "for i in 1 2 3; do knock HOST $(seq 51001 51002); done",
  },
  {
    steps: "[tcp/1000, udp/12000, tcp/6000]",
    watch: "1000-1001",
    scan: "a scan of all ports downwards over UDP and TCP by turns, twice in a row",
    command: String.raw`for i in 1 2; do seq 12000 -1 1000 | sed 's/.*/&:udp\n&:tcp/' | xargs knock HOST; done`,
  },
  {
    steps: "[51008, 51009, 51004]",
    watch: "51001-51003",
    scan: "a scan of all ports upwards and then downwards over TCP",
    command: "knock HOST $({ seq 51004 51009; seq 51009 -1 51004; })",
  },
];
