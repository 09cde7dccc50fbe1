export { printEnrolledDoor, printEnrolment } from "./enrolment.ts";
export { bytesOf, type ClientKey, parseKey, printKey } from "./key.ts";
export { keyIdOf, type Mark, parseMark, printMark } from "./mark.ts";
export { AHEAD_SECONDS, slotAt, startOf } from "./slot.ts";
export { KEY_BYTES, tokenMaker } from "./token.ts";
