// A local host in a process of its own, for tests that kill it: `node start-and-stay.ts CACHE_FOLDER` prints one line of JSON when it is up.
import { startControlPlane } from '../../infra/local/controlplane/controlplane.ts';
import { recordHost } from '../../infra/local/processes/host-record.ts';

const root = process.argv[2] ?? '';
const plane = await startControlPlane({ root, progress: (line) => console.error(line) });
await recordHost({ kubeconfig: plane.kubeconfigPath }, root);
console.log(JSON.stringify({ kubeconfigPath: plane.kubeconfigPath, pids: Object.values(plane.pids) }));
setInterval(() => undefined, 60_000);
