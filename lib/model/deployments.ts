// Deployments that an Application's status no longer holds: how they are asked for and answered, in one annotation of the Application.
// Who asks needs no access to the store, and who answers no way to them but the Application.
import { type ApplicationSource, isMultiSource, type RevisionHistory } from './application.ts';
import { isRecord } from './manifest.ts';

/** Asks for all of them in brief; an id asks for that one whole. */
export const ALL_DEPLOYMENTS = 'all';

export interface DeploymentsAnswer {
  readonly asked: string;
  /** Oldest first; empty when the store has none. */
  readonly deployments: readonly RevisionHistory[];
}

/** Longest answer, in characters: all annotations of an object share 256 KiB. */
const ANSWER_CHARACTERS = 96 * 1024;

export function isDeploymentsQuestion(text: string | undefined): text is string {
  return text === ALL_DEPLOYMENTS || /^\d{1,15}$/.test(text ?? '');
}

/** As many as fit, the newest of them. */
export function deploymentsAnswerText(asked: string, deployments: readonly RevisionHistory[]): string {
  const told = asked === ALL_DEPLOYMENTS ? deployments.map(brief) : deployments;
  const texts = told.map((entry) => JSON.stringify(entry));
  let [first, length] = [texts.length, 0];
  while (first > 0 && length + (texts[first - 1]?.length ?? 0) < ANSWER_CHARACTERS) {
    first -= 1;
    length += (texts[first]?.length ?? 0) + 1;
  }
  return JSON.stringify({ asked, deployments: told.slice(first) });
}

/** Undefined for what is no answer. */
export function parseDeploymentsAnswer(text: string | undefined): DeploymentsAnswer | undefined {
  const answer = parsed(text);
  if (!isRecord(answer) || typeof answer['asked'] !== 'string' || !Array.isArray(answer['deployments'])) return undefined;
  return { asked: answer['asked'], deployments: answer['deployments'].filter(isDeployment) };
}

/** A deployment as the store keeps it. */
export function parseDeployment(text: string | undefined): RevisionHistory | undefined {
  const entry = parsed(text);
  return isDeployment(entry) ? entry : undefined;
}

function parsed(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? '');
  } catch {
    return undefined;
  }
}

function isDeployment(entry: unknown): entry is RevisionHistory {
  return isRecord(entry) && typeof entry['id'] === 'number' && typeof entry['deployedAt'] === 'string';
}

function brief({ source, sources, ...entry }: RevisionHistory): RevisionHistory {
  if (isMultiSource({ sources })) return { ...entry, sources: sources?.map(named) };
  return source ? { ...entry, source: named(source) } : entry;
}

function named({ repoURL, path, chart, targetRevision }: ApplicationSource): ApplicationSource {
  return { repoURL, path, chart, targetRevision };
}
