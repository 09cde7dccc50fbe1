export { runAgent } from "./agent.ts";
export type { AgentEvent, NotOpened, Tell } from "./event.ts";
