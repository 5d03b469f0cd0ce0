// What `npm run bench -- …` was asked for, out of its arguments.
import { parseArgs } from 'node:util';
import { InvalidInput, messageOf } from '../../lib/model/errors.ts';

export const PARTS = ['rollout', 'push', 'steady', 'waves', 'limits', 'render', 'compare', 'import'] as const;
export type Part = (typeof PARTS)[number];

export interface BenchOptions {
  readonly help: boolean;
  /** Fewer repetitions. */
  readonly quick: boolean;
  /** One document of JSON on standard output instead of the table. */
  readonly json: boolean;
  readonly parts: ReadonlySet<Part>;
}

export const HELP = `npm run bench measures Evenkeel on this machine: the local host with a real control plane, Git server and queues.
Each figure stands beside its limits of the same run: kustomize alone, server-side apply alone, kubectl apply --server-side.

  npm run bench                        everything, less than six minutes
  npm run bench -- --quick             fewer repetitions, less than two minutes
  npm run bench -- --only push         one part; may be given several times
  npm run bench -- -o json             one document of JSON on standard output

  --only NAME        rollout: 100 Applications that are new
                     push:    push -> live, one changes of 1, 10 and 100, and all 100 change
                     steady:  reconciles and sweeps when nothing has changed, with their API requests
                     waves:   syncs of 100 new Applications in three waves with a PreSync Job
                     limits:  the tools and the API server alone
                     render:  many renders in one start of the renderer, beside the stock tools
                     compare: 1,000 live objects in memory, beside a dry run of each
                     import:  cold import of each function's bundle
  -o, --output NAME  table (the default) or json
  --help             this text

A goal that is missed is marked and does not fail the run: seconds depend on the machine. Progress goes to standard error.
`;

/** Throws InvalidInput that names the argument and points to --help. */
export function parseOptions(args: readonly string[]): BenchOptions {
  const { quick, only, output, help } = read(args);
  const unknown = only.find((name) => !isPart(name));
  if (unknown !== undefined) throw new InvalidInput(`--only ${unknown}: the parts are ${PARTS.join(', ')}, see --help`);
  if (output !== 'table' && output !== 'json') throw new InvalidInput(`--output ${output}: it is table or json, see --help`);
  return { help, quick, json: output === 'json', parts: new Set(only.length === 0 ? PARTS : only.filter(isPart)) };
}

function isPart(name: string): name is Part {
  return PARTS.some((part) => part === name);
}

function read(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        quick: { type: 'boolean', default: false },
        only: { type: 'string', multiple: true, default: [] },
        output: { type: 'string', short: 'o', default: 'table' },
        help: { type: 'boolean', short: 'h', default: false },
      },
      strict: true,
      allowPositionals: false,
    }).values;
  } catch (cause) {
    throw new InvalidInput(`${messageOf(cause)}, see --help`, { cause });
  }
}
