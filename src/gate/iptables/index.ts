export { iptables } from "./iptables.ts";
