import { revokeKey } from "../../gate/index.ts";
import { changeOfKey } from "./client.ts";

export const keyRevoke = changeOfKey(
  {
    name: "key revoke",
    summary: "take a client's key away; its tokens leave the kernel at once",
  },
  revokeKey,
  (client) => `${client} has no key any more`,
);
