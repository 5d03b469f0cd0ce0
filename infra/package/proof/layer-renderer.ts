// The layer's renderer on its own: nothing that it loads, and what it makes of a kustomization and a chart with no other program in reach.
import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { isRecord } from '../../../lib/model/manifest.ts';
import { readElf } from '../layers/elf.ts';
import type { Unpacked } from './unpacked.ts';

/** Throws unless the kustomization and the chart of the sample, in `folder`, come out as the ConfigMaps that they are, in this colour. */
export async function checkRenderer({ renderer }: Unpacked, folder: string, colour: string): Promise<void> {
  const { interpreter, needed } = readElf(await readFile(renderer), renderer);
  if (interpreter !== undefined || needed.length > 0)
    throw new Error(`the renderer would load ${[interpreter, ...needed].join(', ')}, and it should stand alone`);
  const roots = { '': folder };
  const answers = await answersOf(renderer, [
    { id: 'kustomize', roots, job: { type: 'kustomize', folder: 'kustomize' } },
    { id: 'helm', roots, job: { type: 'helm', folder: 'chart', releaseName: 'proof', namespace: 'default', includeCrds: true } },
  ]);
  const seen = Object.fromEntries(answers.map((answer) => [answer['id'], documentsOf(answer)]));
  const wanted = { kustomize: `kustomized-settings ${colour}`, helm: `proof-settings ${colour}` };
  for (const [id, one] of Object.entries(wanted))
    if (seen[id] !== one) throw new Error(`the renderer made of ${id}: ${seen[id] ?? 'nothing'}; ${one} was wanted`);
}

/** Asks everything at once and reads until the program ends by itself; lines that answer nothing, such as that it is ready, are left out. */
async function answersOf(renderer: string, requests: readonly object[]): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const child = spawn(renderer, [], { env: { PATH: '' } });
  const printed = Promise.all([text(child.stdout), text(child.stderr)]);
  // What it says before it ends tells more than that it no longer reads.
  child.stdin.on('error', () => undefined);
  child.stdin.end(requests.map((request) => `${JSON.stringify(request)}\n`).join(''));
  const [stdout, stderr] = await printed;
  if (stderr !== '') throw new Error(`the renderer complained: ${stderr}`);
  const lines: readonly unknown[] = stdout.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line)]));
  return lines.filter(isRecord).filter(({ id }) => id !== undefined);
}

/** Name and colour of each ConfigMap, or the error. */
function documentsOf({ documents, error }: Readonly<Record<string, unknown>>): string {
  if (!Array.isArray(documents)) return String(error);
  return documents.map(({ metadata, data }) => `${metadata.name} ${data.colour}`).join(', ');
}
