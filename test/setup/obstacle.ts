import { spawnSync } from "node:child_process";

/**
 * Why no test can be made in this kernel, or undefined where one can: it takes root, nft, and
 * the right to make network namespaces, which many containers withhold.
 */
export function kernelObstacle(): string | undefined {
  if (process.getuid?.() !== 0) return "this is not root";
  const { error, status, stderr } = spawnSync("unshare", ["--net", "nft", "list", "ruleset"], {
    encoding: "utf8",
  });
  if (error !== undefined) return `unshare does not start: ${error.message}`;
  if (status !== 0) return `nft does not run in a network namespace: ${stderr.trim()}`;
  return undefined;
}
