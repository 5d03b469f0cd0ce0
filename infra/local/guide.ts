// What to tell a person once everything is up: where things are, and how to go on by hand.
import { join } from 'node:path';
import type { Host } from './host.ts';

/** A line of explanation and the commands that go with it, each to be typed as it is, in the project's folder. */
export interface Hint {
  readonly text: string;
  readonly commands: readonly string[];
}

/** `shop`: the Bookstore's repository is on the Git server. */
export function hints(host: Host, shop: boolean): readonly Hint[] {
  const clone = join(host.dir, 'by-hand');
  const bookstore: Hint = {
    text: 'Bring the Bookstore up again, from a clone to play with (push to it, and watch):',
    commands: [
      `git clone ${host.gitUrl}/bookstore.git ${clone}`,
      `npm run kubectl -- apply -f ${join(clone, 'bootstrap', '1-project')}`,
      `npm run kubectl -- apply -f ${join(clone, 'bootstrap', '2-root.yaml')}`,
      'npx evenkeel app list',
    ],
  };
  return [
    {
      text: 'Look from another terminal, in this folder:',
      commands: [`export KUBECONFIG=${host.kubeconfigPath}`, 'npx evenkeel app list', 'npm run kubectl -- get applications -A'],
    },
    ...(shop ? [bookstore] : []),
  ];
}

/** The facts and hints as lines. */
export function guideLines(host: Host, shop: boolean): readonly string[] {
  const facts = [
    `kubeconfig      ${host.kubeconfigPath}`,
    `Git             ${host.gitUrl}/NAME.git (a push to a new name makes the repository)`,
    `webhook         ${host.webhookUrl}`,
    `webhook secret  ${host.webhookSecret}`,
    `queue           ${host.queueUrl}`,
    `logs            ${host.logs}`,
  ];
  return [...facts, ...hints(host, shop).flatMap(({ text, commands }) => ['', text, ...commands.map((command) => `    ${command}`)])];
}
