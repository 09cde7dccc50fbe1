/**
 * What a policy means, one claim a line. Every judge tells each story over IPv4 and IPv6.
 *
 * Under the name of a policy stand its claims, each with a story, which is a line of words:
 *
 *     tcp/51001 udp/5 ping/63   a SYN, a datagram, an echo request; it has to pass
 *     tcp/22-                   the same; it has to be refused
 *     tcp/22[fin+ack]           a segment with these flags ([] for none)
 *     tcp/22:2                  of another connection; tcp/22:2.9 with sequence number 9
 *     tcp/22@elsewhere          to an address that this host forwards to
 *     b>tcp/22                  from another sender, of the same /64
 *     +3s                       so long nothing happens
 *     open=ssh,1s close=ssh ban ban=1s unban      what an administrator does for the sender
 *     load=ssh,ping,A load=ssh,udp/53,B,2s        a token of that name for a door and carrier (in the
 *                                                 kernel some seconds before the first packet)
 *     ping!A http/80!A          a packet of that carrier with the token in it; it has to pass
 *     ping!A~cut                the same with a fault of tokens.ts
 *     signed-ping               a packet of that carrier that may be a signed knock
 *     answer=tcp/22[syn+ack]    a segment of the service, of the connection that tcp/22 is of; only
 *                               judges without a kernel know it
 *     KNOCK                     the three steps of most policies here
 *
 * Where a gate that remembers sources instead of connections cannot do the same (limits.ts), what
 * it does stands below, farther in, with the same story.
 */

const SSH = {
  protects: "tcp/22",
  "open-for": "2s",
  sequence: { steps: ["51001", "udp/54040", "tcp/52777"], within: "2s" },
};

const KNOCK = "tcp/51001 udp/54040 tcp/52777";

const TOKEN = {
  protects: "tcp/22",
  "open-for": "2s",
  token: { carriers: ["ping", "udp/62201", "dns/53", "http/80", "tls/443"] },
};

/** The datagram comes to a port of the watch range, and is no step. */
const WATCHED = ["ping", "udp/53000"];

/** So many that ports are told apart in more than one place; each watches the next one's first step. */
const NEIGHBOURS = Object.fromEntries(
  Array.from({ length: 12 }, (_, n) => {
    const [protects, first] = [2000 + 7 * n, 30_000 + 20 * n];
    const steps = [`tcp/${first}`, `tcp/${first + 10}`];
    const sequence = { steps, within: "2s", watch: `${first}-${first + 25}` };
    return [`number-${n}`, { protects: `tcp/${protects}`, "open-for": "2s", sequence }];
  }),
);

/** Policies by name; DESTINATIONS and TRUSTED are put in by the teller. */
export const POLICIES = {
  plain: { doors: { ssh: SSH } },
  once: { doors: { ssh: { ...SSH, "single-use": true } } },
  reset: { doors: { ssh: { ...SSH, refuse: "reset" } } },
  trusting: { trusted: "TRUSTED", doors: { ssh: SSH } },
  neighbours: { "ipv6-prefix": 64, doors: { ssh: SSH } },
  banning: { ban: { after: 2, within: "2s", for: "2s" }, doors: { ssh: SSH } },
  "banned apart": {
    ban: { after: 2, within: "2s", for: "2s", "ipv6-prefix": 128 },
    doors: { ssh: SSH },
  },
  strict: { ban: { after: 1, within: "2s", for: "2s" }, doors: { ssh: SSH } },
  pinged: {
    doors: { ssh: { ...SSH, sequence: { steps: ["ping/63", "tcp/51001", "ping/64"] } } },
  },
  pings: { doors: { ssh: { ...SSH, sequence: { steps: ["ping/63", "ping/100"] } } } },
  single: { doors: { ssh: { ...SSH, sequence: { steps: ["udp/51001"] } } } },
  twice: { doors: { ssh: { ...SSH, sequence: { steps: ["51001", "51001", "51003"] } } } },
  outlying: {
    doors: {
      ssh: { ...SSH, sequence: { steps: ["tcp/7000", "tcp/51001"], watch: "51000-51010" } },
    },
  },
  wide: { doors: { ssh: { ...SSH, sequence: { steps: ["10", "udp/54040"], within: "2s" } } } },
  datagrams: {
    doors: {
      vpn: {
        ...SSH,
        protects: ["udp/51820", "udp/51821", "tcp/443"],
        "open-for": "2s",
        "session-idle": "3s",
      },
    },
  },
  "datagrams once": {
    doors: {
      vpn: { ...SSH, protects: ["udp/51820"], "single-use": true, "session-idle": "3s" },
    },
  },
  routed: { doors: { ssh: { ...SSH, destinations: "ELSEWHERE" } } },
  pair: {
    doors: {
      ssh: SSH,
      web: {
        ...SSH,
        protects: ["tcp/443", "tcp/8000-8010"],
        sequence: { steps: ["tcp/51003", "51001"], within: "2s", watch: "51000-51010" },
      },
    },
  },
  "by hand": { doors: { ssh: { protects: "tcp/22" } } },
  street: { doors: { ssh: SSH, ...NEIGHBOURS } },
  token: { doors: { ssh: TOKEN } },
  "token once": { doors: { ssh: { ...TOKEN, "single-use": true } } },
  "token by neighbours": { "ipv6-prefix": 64, doors: { ssh: TOKEN } },
  "token trusting": { trusted: "TRUSTED", doors: { ssh: TOKEN } },
  "token routed": { doors: { ssh: { ...TOKEN, destinations: "ELSEWHERE" } } },
  "token pair": {
    doors: {
      ssh: { ...TOKEN, token: { carriers: ["ping", "udp/53", "dns/53"] } },
      vpn: { ...TOKEN, protects: "udp/51820", token: { carriers: ["ping", "udp/53"] } },
    },
  },
  "token or steps": { doors: { ssh: { ...SSH, token: { carriers: WATCHED } } } },
  "token or steps, banning": {
    ban: { after: 1, within: "9s", for: "30s", "ipv6-prefix": 128 },
    doors: { ssh: { ...SSH, token: { carriers: WATCHED } } },
  },
  "signed or steps": {
    doors: { ssh: { ...SSH, signed: { carriers: [...WATCHED, "udp/62201"] } } },
  },
  "signed or token": {
    doors: {
      ssh: {
        ...TOKEN,
        token: { carriers: ["ping", "udp/62201"] },
        signed: { carriers: ["ping", "udp/62201"] },
      },
    },
  },
} as const;

export interface Scenario {
  readonly claim: string;
  readonly policy: keyof typeof POLICIES;
  readonly story: string;
  /** What a gate that remembers sources alone does instead. */
  readonly onSources?: { readonly claim: string; readonly story: string };
}

export const SCENARIOS: readonly Scenario[] = readTable(`
plain:
  a door is shut to who has not knocked: tcp/22-
  every step in order opens: KNOCK tcp/22
  a step that may be either is either: udp/51001 udp/54040 tcp/52777 tcp/22
  steps in another order do not open: tcp/51001 tcp/52777 udp/54040 tcp/22-
  a step by the other protocol does not count: tcp/51001 tcp/54040 tcp/52777 tcp/22-
  all but the last step do not open: tcp/51001 udp/54040 tcp/22-
  repeated steps do no harm: tcp/51001 tcp/51001 udp/54040 tcp/51001 udp/54040 tcp/52777 tcp/22
  a stray packet in the watch range starts over: tcp/51001 tcp/51500 udp/54040 tcp/52777 tcp/22-
  a stray datagram in the watch range starts over: tcp/51001 udp/54040 udp/53000 tcp/52777 tcp/22-
  after starting over the whole sequence opens: tcp/51001 tcp/51500 KNOCK tcp/22
  a later step too early starts over: tcp/51001 tcp/52777 udp/54040 tcp/52777 tcp/22-
  packets outside the watch range do no harm: tcp/51001 tcp/80 udp/53 udp/54040 tcp/55000 tcp/52777 tcp/22
  segments of connections in the watch range do no harm: tcp/51001 tcp/51500[ack] tcp/51501[fin+ack] tcp/51502[rst] udp/54040 tcp/52777 tcp/22
  only a new connection is a step: tcp/51001[ack] udp/54040 tcp/52777 tcp/22-
  a SYN with ECN bits is a step like any other: tcp/51001[syn+ece+cwr] udp/54040 tcp/52777[syn+ece+cwr] tcp/22[syn+ece+cwr]
  a step too late does not open: tcp/51001 udp/54040 +3s tcp/52777 tcp/22-
  a repeated step does not buy time: tcp/51001 +1.3s tcp/51001 +1.3s udp/54040 tcp/52777 tcp/22-
  each step has its own time: tcp/51001 +1.3s udp/54040 +1.3s tcp/52777 tcp/22
  the door shuts again: KNOCK tcp/22 +3s tcp/22:2-
  a new knock keeps it open: KNOCK +1.3s KNOCK +1.3s tcp/22
  in the open time any number of connections pass: KNOCK tcp/22:1 tcp/22:2 tcp/22:3
  connections go on after the grant has ended: KNOCK tcp/22 +3s tcp/22[ack] tcp/22[psh+ack] tcp/22[fin+ack] tcp/22[ack]
  a repeated SYN belongs to its connection: KNOCK tcp/22:1.5 +3s tcp/22:1.5 tcp/22:1.6 tcp/22:2-
      a repeated SYN needs a grant like any other: KNOCK tcp/22:1.5 +3s tcp/22:1.5- tcp/22:1.6- tcp/22:2-
  a SYN is repeated until the connection begins: KNOCK tcp/22 tcp/22[ack] +3s tcp/22-
  segments of no connection are refused: tcp/22[ack]- tcp/22[fin]- tcp/22[]- tcp/22[fin+psh+urg]- tcp/22[fin+ack]- tcp/22[rst]- tcp/22[syn+ack]- tcp/22[syn+fin]- tcp/22[syn+rst]-
  a grant lets in no segments of other connections: KNOCK tcp/22:1 tcp/22:2[ack]- tcp/22:2[fin]-
      who was let through may send any segment with ACK or RST: KNOCK tcp/22:1 tcp/22:2[ack] tcp/22:2[fin]-
  segments with ACK or RST belong to nothing before the first connection: KNOCK tcp/22[ack]- tcp/22[rst]- tcp/22
  a connection may send what it likes: KNOCK tcp/22 tcp/22[fin] tcp/22[] tcp/22[psh+urg] tcp/22[rst]
      segments with neither ACK nor RST are part of no connection: KNOCK tcp/22 tcp/22[fin]- tcp/22[]- tcp/22[psh+urg]- tcp/22[rst]
  a connection of one sender lets in no segments of another: KNOCK tcp/22 b>tcp/22[ack]- b>tcp/22[rst]-
  what one sender knocks opens nothing to another: KNOCK b>tcp/22- tcp/22
  two senders knock at the same time: tcp/51001 b>tcp/51001 udp/54040 b>udp/54040 b>tcp/52777 tcp/52777 tcp/22 b>tcp/22
  what another sends does no harm: tcp/51001 b>tcp/51500 udp/54040 b>udp/51501 tcp/52777 tcp/22
  other ports are never touched: tcp/80 tcp/23[ack] udp/22 udp/500 tcp/2222[fin] ping/10
  knocks on the way to another host are not for this door: tcp/51001@elsewhere udp/54040@elsewhere tcp/52777@elsewhere tcp/22-
  what is forwarded is never touched: tcp/22@elsewhere tcp/22[fin]@elsewhere tcp/22[ack]@elsewhere tcp/51500@elsewhere
  forwarded packets do not start an attempt over: tcp/51001 tcp/51500@elsewhere udp/54040 tcp/52777 tcp/22
  a ban outranks a grant: KNOCK ban tcp/22-
  a ban is lifted by hand: KNOCK ban tcp/22:1- unban tcp/22:2
  a ban ends by itself: ban=1s KNOCK tcp/22- +1.4s tcp/22:2
  a ban ends a connection of which no answer was seen: KNOCK tcp/22 tcp/22[ack] ban tcp/22[ack]-
      a ban leaves connections alone: KNOCK tcp/22 tcp/22[ack] ban tcp/22[ack]
  a ban ends a handshake: KNOCK tcp/22 ban tcp/22- tcp/22[ack]-
      a ban leaves the last segment of a handshake alone: KNOCK tcp/22 ban tcp/22- tcp/22[ack]
  a ban ends a connection that is being closed: KNOCK tcp/22 tcp/22[fin+ack] ban tcp/22[ack]-
      a ban leaves a connection that is being closed alone: KNOCK tcp/22 tcp/22[fin+ack] ban tcp/22[ack]
  an administrator opens: open=ssh,2s tcp/22 +3s tcp/22:2-
  an administrator closes: KNOCK close=ssh tcp/22-
  closing leaves connections alone: KNOCK tcp/22 tcp/22[ack] close=ssh tcp/22[ack] tcp/22:2-
  closing ends a handshake: KNOCK tcp/22 close=ssh tcp/22- tcp/22[ack]-
      closing leaves the last segment of a handshake alone: KNOCK tcp/22 close=ssh tcp/22- tcp/22[ack]
  a knock after opening by hand sets the end anew: open=ssh,9s KNOCK +3s tcp/22-

once:
  a single-use grant lets in one connection: KNOCK tcp/22:1 tcp/22:2- tcp/22:3-
  its connection goes on: KNOCK tcp/22:1 tcp/22:1[ack] +3s tcp/22:1[psh+ack] tcp/22:2[ack]-
      its connection goes on, and segments of others are not told from it: KNOCK tcp/22:1 tcp/22:1[ack] +3s tcp/22:1[psh+ack] tcp/22:2[ack]
  its SYN may be repeated until the connection begins: KNOCK tcp/22 tcp/22 tcp/22[ack] tcp/22- tcp/22:2-
      its SYN is refused when it comes again: KNOCK tcp/22 tcp/22- tcp/22[ack] tcp/22- tcp/22:2-
  its SYN begins no other when the connection was broken off: KNOCK tcp/22 tcp/22[ack] tcp/22[rst] tcp/22-
  a repeated SYN leaves a new grant alone: KNOCK tcp/22:1.5 KNOCK tcp/22:1.5 tcp/22:2
      a repeated SYN uses a new grant up: KNOCK tcp/22:1.5 KNOCK tcp/22:1.5 tcp/22:2-
  a new knock gives a new use: KNOCK tcp/22:1 tcp/22:2- KNOCK tcp/22:3 tcp/22:4-
  two knocks before a use give one use: KNOCK KNOCK tcp/22:1 tcp/22:2-
  a grant by hand is for one use as well: open=ssh,3s tcp/22:1 tcp/22:2-

reset:
  a door that answers opens in the same way: tcp/22- tcp/22[fin]- KNOCK tcp/22 tcp/22[ack] tcp/22:2[ack]-
      and takes no segment amiss from who was let through: tcp/22- tcp/22[fin]- KNOCK tcp/22 tcp/22[ack] tcp/22:2[ack]

trusting:
  trusted sources never need to knock: b>tcp/22 b>tcp/22[ack] tcp/22-
  trust outranks a ban: b>ban b>tcp/22

banned apart:
  a ban shuts the door to one source only: open=ssh,3s b>open=ssh,3s ban tcp/22- b>tcp/22
  and so do wrong steps: tcp/51001 tcp/51500 tcp/51001 tcp/51500 open=ssh,3s b>open=ssh,3s tcp/22- b>tcp/22

banning:
  enough wrong steps ban: tcp/51001 tcp/51500 tcp/51001 tcp/51500 KNOCK tcp/22-
  fewer do not: tcp/51001 tcp/51500 KNOCK tcp/22
  wrong steps far apart do not: tcp/51001 tcp/51500 +2.5s tcp/51001 tcp/51500 KNOCK tcp/22
  packets that belong to no attempt are no wrong steps: tcp/51500 tcp/51501 tcp/51502 udp/53000 KNOCK tcp/22
  an automatic ban ends: tcp/51001 tcp/51500 tcp/51001 tcp/51500 tcp/22- +2.5s KNOCK tcp/22:2
  an automatic ban is lifted by hand, and its count forgotten: tcp/51001 tcp/51500 tcp/51001 tcp/51500 unban tcp/51001 tcp/51500 KNOCK tcp/22

strict:
  the first wrong step bans where one is enough: tcp/51001 tcp/51500 KNOCK tcp/22-

pinged:
  pings of the right length are steps: ping/63 tcp/51001 ping/64 tcp/22
  pings of other lengths do no harm and no good: ping/63 ping/65 tcp/51001 ping/56 ping/64 tcp/22
  a ping that is another step starts over: ping/63 ping/64 tcp/51001 ping/64 tcp/22-

pings:
  a sequence may be of pings alone: ping/63 ping/100 tcp/22
  nothing but its pings disturbs it: ping/63 tcp/51001 udp/99 ping/100 tcp/22

single:
  a sequence may be of one step: tcp/22- udp/51001 tcp/22:2

twice:
  a step may come twice in a row: tcp/51001 tcp/51001 tcp/51003 tcp/22
  and once is then not enough: tcp/51001 tcp/51003 tcp/22-

outlying:
  a step may lie outside the watch range: tcp/7000 tcp/51001 tcp/22
  its port by another protocol is nothing: tcp/7000 udp/7000 tcp/7001 tcp/51001 tcp/22
  a named watch range starts over as any: tcp/7000 tcp/51002 tcp/51001 tcp/22-

wide:
  a try at the door starts over where its port is watched: tcp/10 tcp/22- udp/54040 tcp/22:2-

datagrams:
  a datagram to a shut door is refused: udp/51820-
  a grant begins a session: KNOCK udp/51820 udp/51820
  a session goes on without the grant while packets pass: KNOCK udp/51820 +2.5s udp/51820 +2.5s udp/51820
  a silent session ends: KNOCK udp/51820 +3.5s udp/51820-
  a session is with the door, whatever its port: KNOCK udp/51820 udp/51821
  a session opens nothing to TCP: KNOCK udp/51820 +2.5s tcp/443- udp/51820
  a ban leaves sessions alone: KNOCK udp/51820 ban udp/51820

datagrams once:
  a single use begins one session: KNOCK udp/51820 udp/51820 +1s udp/51820 +3.5s udp/51820-

routed:
  a door may stand before another host: tcp/22@elsewhere- tcp/22[fin]@elsewhere- tcp/51001@elsewhere udp/54040@elsewhere tcp/52777@elsewhere tcp/22@elsewhere tcp/22[ack]@elsewhere
  and not before this one: tcp/22 tcp/22:2[fin]
  its knocks go to that host: KNOCK tcp/22@elsewhere-

pair:
  a door opens by its own steps alone: tcp/51003 tcp/51001 tcp/443 tcp/8005:2 tcp/22-
  where watch ranges overlap each door sees the packet for itself: tcp/51003 tcp/51001 udp/54040 tcp/52777 tcp/443 tcp/22
  a packet that only one door watches disturbs no other: tcp/51003 tcp/53000 tcp/51001 tcp/443 tcp/22-

neighbours:
  neighbours within the prefix are one knocker: KNOCK tcp/22

by hand:
  a door without a sequence opens by hand: tcp/22- open=ssh,2s tcp/22:2

token:
  a door with tokens is shut to who has shown none: load=ssh,ping,A ping/32 tcp/22-
  a token in a ping opens: load=ssh,ping,A tcp/22- ping!A tcp/22:2
  a token in a datagram opens: load=ssh,udp/62201,A udp/62201!A tcp/22
  a token in a DNS query opens: load=ssh,dns/53,A dns/53!A tcp/22
  a token in a web request opens: load=ssh,http/80,A http/80!A tcp/22
  a token in the hello of TLS opens: load=ssh,tls/443,A tls/443!A tcp/22
  a token that was never put in opens nothing: load=ssh,ping,A ping!B udp/62201!A tcp/22-
  a token opens once: load=ssh,ping,A ping!A +3s ping!A tcp/22-
  and not a second time while the door is open: load=ssh,ping,A ping!A +1.3s ping!A +1.3s tcp/22-
  what one has shown opens nothing to another: load=ssh,ping,A ping!A b>ping!A b>tcp/22- tcp/22
  whoever shows it first gets the grant: load=ssh,ping,A b>ping!A ping!A tcp/22- b>tcp/22
  each token is for itself: load=ssh,ping,A load=ssh,ping,B ping!A b>ping!B tcp/22 b>tcp/22
  a second token renews: load=ssh,ping,A load=ssh,ping,B ping!A +1.3s ping!B +1.3s tcp/22
  tokens of one carrier are nothing in another: load=ssh,ping,A udp/62201!A dns/53!A http/80!A tls/443!A tcp/22-
  and are not spent by it: load=ssh,udp/62201,A ping!A dns/53!A udp/62201!A tcp/22
  a token has an end: load=ssh,ping,A,1s +1.4s ping!A tcp/22-
  and no beginning: load=ssh,ping,A,3600s ping!A tcp/22
  the door shuts again: load=ssh,ping,A ping!A tcp/22 +3s tcp/22:2-
  connections go on after that: load=ssh,ping,A ping!A tcp/22 +3s tcp/22[ack]
  a ping that ends before its token does opens nothing: load=ssh,ping,A ping!A~cut ping!A~bare tcp/22-
  a ping with the token in another place opens nothing: load=ssh,ping,A ping!A~shifted tcp/22-
  a datagram that ends before its token does opens nothing: load=ssh,udp/62201,A udp/62201!A~cut udp/62201!A~bare tcp/22-
  a datagram with the token in another place opens nothing: load=ssh,udp/62201,A udp/62201!A~shifted tcp/22-
  a token in a datagram to another port opens nothing: load=ssh,udp/62201,A udp/62202!A udp/53!A tcp/22-
  a token in a query that is not one opens nothing: load=ssh,dns/53,A dns/53!A~unmarked dns/53!A~shifted dns/53!A~cut udp/53!A tcp/22-
  a token in a query to another port opens nothing: load=ssh,dns/53,A dns/5353!A tcp/22-
  a token in a request that is not one opens nothing: load=ssh,http/80,A http/80!A~unmarked http/80!A~shifted http/80!A~cut tls/80!A udp/80!A tcp/22-
  a token in a request to another port opens nothing: load=ssh,http/80,A http/8080!A http/443!A tcp/22-
  a token in a hello that is not one opens nothing: load=ssh,tls/443,A tls/443!A~unmarked tls/443!A~shifted tls/443!A~cut http/443!A tcp/22-
  no fault spends it: load=ssh,tls/443,A tls/443!A~unmarked tls/443!A~cut tls/8443!A tls/443!A tcp/22
  on the way to another host it is not for this door: load=ssh,ping,A load=ssh,http/80,B ping!A@elsewhere http/80!B@elsewhere tcp/22-
  and is not spent: load=ssh,ping,A ping!A@elsewhere ping!A tcp/22
  an administrator closes after it: load=ssh,ping,A ping!A close=ssh tcp/22-
  a ban by hand outranks it: load=ssh,ping,A ban ping!A tcp/22-
  and it is spent all the same: load=ssh,ping,A ban ping!A unban +3s ping!A tcp/22-

token once:
  a token is for one connection: load=ssh,ping,A ping!A tcp/22:1 tcp/22:2-
  a second token gives a second: load=ssh,ping,A load=ssh,udp/62201,B ping!A tcp/22:1 udp/62201!B tcp/22:2 tcp/22:3-
  two before a connection give one: load=ssh,ping,A load=ssh,ping,B ping!A ping!B tcp/22:1 tcp/22:2-

token by neighbours:
  neighbours within the prefix are one who shows it: load=ssh,ping,A ping!A tcp/22

token trusting:
  what the trusted show is spent: load=ssh,ping,A b>tcp/22 b>ping!A ping!A tcp/22-

token routed:
  tokens for another host go there: load=ssh,ping,A load=ssh,http/80,B ping!A@elsewhere tcp/22@elsewhere +3s http/80!B@elsewhere tcp/22:2@elsewhere
  and not here: load=ssh,ping,A ping!A tcp/22@elsewhere- ping!A@elsewhere tcp/22:2@elsewhere

street:
  the first door opens to its steps: tcp/30000 tcp/30010 tcp/2000
  one in the middle opens to its steps: tcp/30120 tcp/30130 tcp/2042
  the last one opens to its steps: tcp/30220 tcp/30230 tcp/2077
  one far from the others opens to its steps: KNOCK tcp/22
  the doors beside an open one stay shut: tcp/30120 tcp/30130 tcp/2035- tcp/2049- tcp/22-
  a port that two doors watch is a step to one and a wrong one to the other: tcp/30000 tcp/30020 tcp/30010 tcp/2000- tcp/30030 tcp/2007
  ports between theirs are nobody's: tcp/443 tcp/1999 tcp/2001 tcp/2078 udp/2000 tcp/30500 tcp/40000

token pair:
  a token opens its own door: load=ssh,ping,A load=vpn,ping,B ping!A tcp/22 udp/51820-
  and the other's the other: load=ssh,ping,A load=vpn,ping,B ping!B tcp/22- udp/51820
  one begins a session: load=vpn,udp/53,A udp/53!A udp/51820 +2.5s udp/51820
  two carriers may share a port: load=ssh,udp/53,A load=ssh,dns/53,B load=vpn,udp/53,C udp/53!A tcp/22 +3s dns/53!B tcp/22:2 udp/53!C udp/51820

token or steps:
  the steps open: KNOCK tcp/22
  the token opens: load=ssh,ping,A ping!A tcp/22
  a token to a port that is not watched leaves an attempt alone: load=ssh,ping,A tcp/51001 ping!A udp/54040 +1.5s tcp/52777 +1s tcp/22
  one in the watch range opens and starts the attempt over: load=ssh,udp/53000,A tcp/51001 udp/53000!A tcp/22:1 +3s udp/54040 tcp/52777 tcp/22:2-

token or steps, banning:
  a token ends an automatic ban: load=ssh,ping,A tcp/51001 tcp/51500 KNOCK tcp/22:1- ping!A tcp/22:2
  and no sooner does a false one: load=ssh,ping,A tcp/51001 tcp/51500 KNOCK ping!B ping!A~cut tcp/22-
  nor one that was spent before: load=ssh,ping,A ping!A tcp/51001 tcp/51500 ping!A tcp/22-
  a later wrong step bans again: load=ssh,ping,A tcp/51001 tcp/51500 ping!A tcp/22:1 tcp/51001 tcp/51500 tcp/22:2-
  a ban by hand stays: load=ssh,ping,A ban tcp/51001 tcp/51500 ping!A tcp/22-
  the ban of one is not ended by the token of another: load=ssh,ping,A tcp/51001 tcp/51500 b>ping!A KNOCK tcp/22- b>tcp/22
  one in the watch range ends the ban that it earns: load=ssh,udp/53000,A tcp/51001 udp/53000!A tcp/22

signed or steps:
  what may be a signed knock opens nothing by itself: signed-ping signed-udp/62201 tcp/22-
  it passes by, and disturbs no attempt: tcp/51001 signed-ping signed-udp/62201 udp/54040 signed-ping tcp/52777 tcp/22
  it keeps no attempt from being late: tcp/51001 +1.3s signed-udp/62201 +1.3s udp/54040 tcp/52777 tcp/22-
  in the watch range it starts the attempt over, as any packet does: tcp/51001 signed-udp/53000 udp/54040 tcp/52777 tcp/22-
  it ends no grant and renews none: KNOCK signed-ping tcp/22:1 +1.3s signed-udp/62201 +1.3s tcp/22:2-
  it ends no ban: ban signed-ping KNOCK tcp/22-
  by hand the door opens to who has sent it: signed-ping open=ssh,2s tcp/22

signed or token:
  what may be a signed knock spends no token: load=ssh,ping,A load=ssh,udp/62201,B signed-ping signed-udp/62201 tcp/22- ping!A tcp/22
  a token by the same packets opens as ever: load=ssh,udp/62201,A udp/62201!A signed-udp/62201 tcp/22
`);

const [FAR, SYN_ACK] = ["tcp/22@elsewhere", "answer=tcp/22[syn+ack]@elsewhere"];
const [FAR_ACK, FAR_FIN] = ["tcp/22[ack]@elsewhere", "tcp/22[fin+ack]@elsewhere"];
const RESET = SYN_ACK.replace("syn+ack", "rst");
const LET_IN = `${KNOCK.replaceAll(/(?= |$)/g, "@elsewhere")} ${FAR}`;

/** Claims about answers of services, which only a gate has to know that remembers connections. */
export const ANSWER_SCENARIOS: readonly Scenario[] = readTable(`
routed:
  a ban leaves alone what was answered: ${LET_IN} ${SYN_ACK} ${FAR_ACK} ban ${FAR_ACK}
  a ban before the last segment of the handshake ends it: ${LET_IN} ${SYN_ACK} ban ${FAR_ACK}-
  closing before that ends it: ${LET_IN} ${SYN_ACK} close=ssh ${FAR_ACK}-
  a ban ends what was not answered: ${LET_IN} ${FAR_ACK} ban ${FAR_ACK}-
  an answer after the next segment is too late: ${LET_IN} ${FAR_ACK} ${SYN_ACK} ${FAR_ACK} ban ${FAR_ACK}-
  an answer to another connection is none: ${LET_IN} ${SYN_ACK.replace("22", "22:2")} ${FAR_ACK} ban ${FAR_ACK}-
  a segment that answers no SYN is none: ${LET_IN} ${SYN_ACK.replace("syn+ack", "ack")} ${RESET} ${FAR_ACK} ban ${FAR_ACK}-
  an answer to an older SYN is none: ${LET_IN} ${SYN_ACK} ${FAR_FIN} ${FAR} ${FAR_ACK} ban ${FAR_ACK}-
  an answer before closing is none to a SYN after it: ${LET_IN} ${SYN_ACK} close=ssh ${LET_IN} ${FAR_ACK} ban ${FAR_ACK}-
  an answer is repeated as the SYN is: ${LET_IN} ${SYN_ACK} ${FAR} ${SYN_ACK} ${FAR_ACK} ban ${FAR_ACK}
  what was answered may be silent for days: ${LET_IN} ${SYN_ACK} ${FAR_ACK} +400000s ${FAR_ACK} +400000s ${FAR_ACK}
  what was not answered may be silent for two minutes: ${LET_IN} ${FAR_ACK} +110s ${FAR_ACK} +110s ${FAR_ACK} +121s ${FAR_ACK}-
  a reset by the service ends it, and what comes then is remembered for two minutes: ${LET_IN} ${SYN_ACK} ${FAR_ACK} ${RESET} +110s ${FAR_ACK} +110s ${FAR_ACK} ban ${FAR_ACK}-
  a reset with ACK, as refuses a SYN that somebody forges, ends nothing: ${LET_IN} ${SYN_ACK} ${FAR_ACK} ${SYN_ACK.replace("syn+ack", "rst+ack")} ban ${FAR_ACK}
  a reset before the next segment ends nothing: ${LET_IN} ${SYN_ACK} ${RESET} ${FAR_ACK} ban ${FAR_ACK}
  a reset of another connection ends nothing: ${LET_IN} ${SYN_ACK} ${FAR_ACK} ${RESET.replace("22", "22:2")} ban ${FAR_ACK}
  what ends may be silent for two minutes: ${LET_IN} ${SYN_ACK} ${FAR_ACK} ${FAR_FIN} +110s ${FAR_ACK} +121s ${FAR_ACK}-

plain:
  answers are not looked for where services are here: KNOCK tcp/22 answer=tcp/22[syn+ack] tcp/22[ack] ban tcp/22[ack]-
`);

/** Claims that are about one family: senders of the same /64. */
export const IPV6_SCENARIOS: readonly Scenario[] = readTable(`
neighbours:
  who shares the prefix shares the grant: KNOCK b>tcp/22
  and the attempt: tcp/51001 b>udp/54040 tcp/52777 b>tcp/22
  and the ban: b>ban KNOCK tcp/22-

banning:
  neighbours are two knockers, and one ban is of both: KNOCK b>tcp/22- b>ban tcp/22-
  their wrong steps count together: tcp/51001 tcp/51500 b>tcp/51001 b>tcp/51500 KNOCK tcp/22-
  a pardon of one is of both: b>ban KNOCK tcp/22:1- unban tcp/22:2

token by neighbours:
  who shares the prefix shares what a token brings: load=ssh,ping,A b>ping!A tcp/22
`);

/** The scenario as a gate has to play it that remembers sources alone. */
export function asOnSources({ onSources, ...scenario }: Scenario): Scenario {
  return { ...scenario, ...onSources };
}

function readTable(table: string): Scenario[] {
  const scenarios: Scenario[] = [];
  let policy = "";
  for (const line of table.split("\n").filter((text) => text !== "")) {
    const [, indent = "", claim, words = ""] = /^( {2}| {6})(\S.*?): (.+)$/.exec(line) ?? [];
    const story = words.replaceAll("KNOCK", KNOCK);
    if (claim === undefined) policy = line.replace(/:$/, "");
    else if (!isPolicy(policy)) throw new Error(`readTable: no policy is called ${policy}`);
    else if (indent.length === 2) scenarios.push({ claim, policy, story });
    else scenarios.push({ ...lastOf(scenarios), onSources: { claim, story } });
  }
  return scenarios;
}

/** Takes it out, for another to come in its place. */
function lastOf(scenarios: Scenario[]): Scenario {
  const last = scenarios.pop();
  if (last === undefined) throw new Error("lastOf: the first line of a table stands too far in");
  return last;
}

function isPolicy(name: string): name is keyof typeof POLICIES {
  return name in POLICIES;
}
