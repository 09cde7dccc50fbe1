/** How the kernel hands packets to the agent that may be signed knocks. */

/** The NFLOG group to which they go, with the carrier as a policy writes it as prefix. */
export const SIGNED_LOG_GROUP = 62_201;

/** So much of each, from its IP header on: no candidate is longer. */
export const SIGNED_SNAP_BYTES = 1280;

/** Packets of one carrier that are handed over in a second. */
export const SIGNED_PACKETS_A_SECOND = 1000;
