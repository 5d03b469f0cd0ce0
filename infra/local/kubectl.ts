// `npm run kubectl -- ARGUMENTS`: the layer's kubectl against the running host.
import { spawn } from 'node:child_process';
import { InvalidInput, messageOf } from '../../lib/model/errors.ts';
import { layerTools } from './cache/layer.ts';
import { runningHost } from './processes/host-record.ts';

/** Resolves to kubectl's own exit code. InvalidInput when no host runs. */
async function kubectl(args: readonly string[]): Promise<number> {
  const host = await runningHost();
  if (host === undefined) throw new InvalidInput('no local host is running: start one with npm start, in another terminal');
  const tools = await layerTools({ progress: (line) => console.error(line) });
  const child = spawn(tools.kubectl, args, { stdio: 'inherit', env: { ...process.env, KUBECONFIG: host.kubeconfig } });
  // A Ctrl-C in the terminal reaches kubectl too, which decides what it means.
  process.on('SIGINT', () => undefined);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? 1));
  });
}

kubectl(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    console.error(messageOf(error));
    process.exitCode = 1;
  },
);
