import { rotateKey } from "../../gate/index.ts";
import { changeOfKey } from "./client.ts";

export const keyRotate = changeOfKey(
  {
    name: "key rotate",
    summary: "give a client a new key; the old one opens nothing any more, at once",
  },
  rotateKey,
  (client) => `${client} has a new key: \`postern key show ${client}\` is what it needs`,
);
