/** What `tc` does with packets as they come in, before any firewall. */
import type { Host } from "../../../host/index.ts";
import { at, listOf, parsed } from "../json.ts";
import { nameProgram } from "./links.ts";

/** A filter at the ingress of an interface. */
export type IngressFilter = { readonly interface: string } & (
  | { readonly kind: "redirect"; readonly to: string }
  /** A BPF program, which may do anything; in words. */
  | { readonly kind: "program"; readonly program: string }
);

/** Undefined where `tc` does not tell. */
export async function readIngress(host: Host): Promise<readonly IngressFilter[] | undefined> {
  const { status, stdout } = await host.run(["tc", "-json", "qdisc", "show"]);
  if (status !== 0) return undefined;
  const found = await Promise.all(listOf(parsed(stdout)).map((qdisc) => filtersOf(host, qdisc)));
  return found.flat();
}

async function filtersOf(host: Host, qdisc: unknown): Promise<IngressFilter[]> {
  const device = at(qdisc, "dev");
  if (typeof device !== "string" || !/^(clsact|ingress)$/.test(String(at(qdisc, "kind"))))
    return [];
  const block = at(qdisc, "ingress_block");
  const where = typeof block === "number" ? ["block", `${block}`] : ["dev", device, "ingress"];
  const { stdout } = await host.run(["tc", "-json", "filter", "show", ...where]);
  const filters = listOf(parsed(stdout)).flatMap((filter) => filterIn(device, filter));
  return [...new Map(filters.map((filter) => [JSON.stringify(filter), filter])).values()];
}

function filterIn(device: string, filter: unknown): IngressFilter[] {
  const options = at(filter, "options");
  const actions = listOf(options, "actions");
  const redirects = actions
    .filter((action) => at(action, "mirred_action") === "redirect")
    .map((action) => at(action, "to_dev"))
    .filter((to) => typeof to === "string")
    .map((to) => ({ interface: device, kind: "redirect" as const, to }));
  const isProgram = at(filter, "kind") === "bpf" && options !== undefined;
  const programs = [
    ...(isProgram ? [programOf(at(options, "prog"), at(options, "bpf_name"))] : []),
    ...actions
      .filter((action) => at(action, "kind") === "bpf")
      .map((action) => programOf(at(action, "prog"), at(action, "bpf_name"))),
  ];
  return [
    ...redirects,
    ...programs.map((program) => ({ interface: device, kind: "program" as const, program })),
  ];
}

/** The kernel cuts names short; that of the file and section is whole. */
function programOf(program: unknown, name: unknown): string {
  const own = at(program, "name") ?? name;
  return nameProgram({ id: at(program, "id"), name: own });
}
