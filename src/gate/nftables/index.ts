export { nftables } from "./nftables.ts";
export { loadText, readTable } from "./table.ts";
