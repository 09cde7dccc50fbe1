/** Lists of interfaces that are refused. */
import { refused, top } from "./row.ts";

const rows = [
  refused(
    "an interface's name that is too long",
    top("interfaces: [«abcdefghijklmnop»]"),
    "not-an-interface",
  ),
  refused("an interface's name with a slash", top("interfaces: [«eth/0»]"), "not-an-interface"),
  refused(
    "a pattern as iptables writes it",
    top("interfaces: [«eth+»]"),
    'not-an-interface: write "eth*"',
  ),
  refused(
    "a * in the middle",
    top("interfaces: [«eth*0»]"),
    'not-an-interface: end with it, as in "eth*"',
  ),
  refused("a * twice", top("interfaces: [«eth**»]"), "not-an-interface"),
  refused(
    "a pattern for every interface",
    top('interfaces: [«"*"»]'),
    "not-an-interface: leave it out: without names, all are covered",
  ),
  refused(
    "a pattern that leaves out every interface",
    top('interfaces: [eth0, «"!*"»]'),
    "not-an-interface: name those to leave out, as in !lan0",
  ),
  refused(
    "a pattern that is too long with its *",
    top('interfaces: [«"abcdefghijklmno*"»]'),
    "not-an-interface: write the name as `ip link` shows it",
  ),
  refused(
    "a ! without a name",
    top('interfaces: [«"!"»]'),
    "not-an-interface: write a name after the !",
  ),
  refused("two !", top('interfaces: [«"!!eth0"»]'), "not-an-interface: write !eth0"),
  refused("a pattern with a space", top('interfaces: [«"! eth0"»]'), "not-an-interface"),
  refused("loopback", top("interfaces: [eth0, «lo»]"), "loopback: leave out lo"),
  refused("loopback left out", top('interfaces: [«"!lo"»]'), "loopback: leave out !lo"),
  refused(
    "an interface that is covered and left out",
    top('interfaces: [«eth0», "!eth0"]'),
    "contradicting-items",
  ),
  refused(
    "an interface of which a pattern leaves all out",
    top('interfaces: ["!eth*", «eth0», «"eth1*"», ppp0]'),
    "contradicting-items: remove one of the two",
    "contradicting-items",
  ),
  refused(
    "an interface beside a pattern that matches it",
    top('interfaces: [«eth0», "eth*"]'),
    "repeated-item",
  ),
  refused(
    "an interface left out beside a pattern that leaves it out",
    top('interfaces: ["!eth*", «"!eth0"»]'),
    "repeated-item",
  ),
  refused("a pattern twice", top('interfaces: ["eth*", «"eth*"»]'), "repeated-item"),
  refused(
    "an interface that YAML turns into true",
    top("interfaces: [«on»]"),
    'turned-by-yaml: put it in quotes: "on"',
  ),
  refused(
    "an interface that YAML turns into a number",
    top("interfaces: [«1e3»]"),
    'turned-by-yaml: put it in quotes: "1e3"',
  ),
  refused(
    "an interface that YAML turns into a date",
    top("interfaces: [«2024-01-31»]"),
    'turned-by-yaml: put it in quotes: "2024-01-31"',
  ),
  refused("an interface twice", top("interfaces: [eth0, «eth0»]"), "repeated-item"),
  refused(
    "an interface left out without quotes, which is a tag for YAML",
    top("interfaces: [eth0, «!lan0» wlan0]"),
    'yaml-instruction: put it in quotes if it is meant as text: "!lan0"; otherwise remove it',
  ),
];

export const interfaces = { interfaces: rows };
