// A worker that is lost at one of its requests: to the API server it looks as if nothing more came from it.
import type { Fate } from './fault-proxy.ts';

/** Where a worker ends: at its nth request, which arrives or does not. */
export interface Kill {
  readonly at: number;
  readonly how: 'lost' | 'unanswered';
}

/** From the request at which the worker is lost on, none of its requests arrives. */
export function dyingAt(kill: Kill | undefined, died: () => void): () => Fate {
  let requests = 0;
  return () => {
    requests += 1;
    if (!kill || requests < kill.at) return 'pass';
    if (requests > kill.at) return 'lost';
    died();
    return kill.how;
  };
}
