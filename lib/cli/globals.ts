// The options that every command has.
import { type Command, Option } from 'commander';
import { refuseFlags } from './flags.ts';
import type { GlobalFlags } from './shell.ts';

/** Flags by which Argo CD's command line reaches a server of its own. */
const SERVER_FLAGS = [
  '--server <address>',
  '--auth-token <token>',
  '--plaintext',
  '--insecure',
  '--server-crt <file>',
  '--client-crt <file>',
  '--client-crt-key <file>',
  '--grpc-web',
  '--grpc-web-root-path <path>',
  '--argocd-context <name>',
  '--port-forward',
  '--port-forward-namespace <namespace>',
  '--config <file>',
] as const;

export function addGlobals(program: Command): void {
  program
    .option('--kubeconfig <file>', 'kubeconfig of the control cluster (default: KUBECONFIG, ~/.kube/config, the running local host)')
    .option('--context <name>', 'context of the kubeconfig (default: the current one)')
    .addOption(new Option('--kube-context <name>').hideHelp())
    .addOption(new Option('--core').hideHelp());
  refuseFlags(program, SERVER_FLAGS, 'belongs to a server that evenkeel does not have: it asks the Kubernetes API, see --kubeconfig');
}

export function globalsOf(command: Command): GlobalFlags {
  return command.optsWithGlobals<GlobalFlags>();
}
