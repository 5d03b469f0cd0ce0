// The lines between us and the renderer: a request as JSON, and what an answer says, checked before it is believed.
import * as z from 'zod';
import { InvalidInput } from '../model/errors.ts';
import { parseJson } from '../model/json.ts';
import { commandLine, type RenderAnswer, type RenderRequest, type RootFile } from '../model/rendering.ts';
import { SHOWN, shownFault } from './render-fault.ts';

const need = z.union([
  z.object({ kind: z.literal('remote'), text: z.string() }),
  z.object({
    kind: z.literal('chart'),
    repository: z.string(),
    name: z.string(),
    version: z.string().default(''),
    locked: z.string().default(''),
  }),
]);
const line = z.number().int();
const answer = z.object({
  id: z.string().optional(),
  reads: z.record(z.string(), z.array(z.string())).optional(),
  documents: z.array(z.unknown()).optional(),
  files: z
    .array(
      z.object({
        path: z.string(),
        documents: z.array(z.object({ value: z.unknown(), line })).nullish(),
        fault: z.object({ line, message: z.string() }).nullish(),
      }),
    )
    .optional(),
  needs: z.array(need).optional(),
  error: z.string().optional(),
});

type Answer = z.output<typeof answer>;

export function requestLine(id: string, { roots, files, job }: RenderRequest): string {
  return `${JSON.stringify({ id, roots, files, job })}\n`;
}

export interface Answered {
  readonly id: string;
  readonly outcome: RenderAnswer | { readonly error: string };
}

/** Which request an answer is for, and what came of it; undefined for a line that is no answer. */
export function readAnswer(text: string): Answered | undefined {
  const read = answer.safeParse(parsed(text));
  return read.success && read.data.id !== undefined ? { id: read.data.id, outcome: outcomeOf(read.data) } : undefined;
}

function parsed(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}

function outcomeOf({ error, needs, files, documents, reads }: Answer): RenderAnswer | { readonly error: string } {
  if (error !== undefined) return { error };
  if (needs !== undefined) return { kind: 'needs', needs };
  if (documents !== undefined) return { kind: 'documents', documents, reads };
  const read = (files ?? []).map(({ path, documents: found, fault }) => ({
    path,
    documents: (found ?? []).map(({ value, line: at }) => ({ value, line: at })),
    fault: fault ?? undefined,
  }));
  return { kind: 'files', files: read, reads };
}

/** What people read of a render that failed; `whole` when the message is not the tool's own. */
export function renderFault({ job, roots }: RenderRequest, message: string, whole?: 'whole'): InvalidInput {
  const hide = Object.fromEntries(Object.values(roots).map((dir) => [dir, SHOWN]));
  const said = whole ? message : `failed exit status 1: Error: ${message}`;
  if (job.type === 'files') return new InvalidInput(shownFault('render', [`./${job.folder}`], said, hide));
  const place = ({ path }: RootFile) => `${SHOWN}/${path}`;
  return new InvalidInput(shownFault(job.type, commandLine(job, place), said, hide));
}
