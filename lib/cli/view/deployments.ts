// `app history`: what was deployed when, a block for each repository (spec/cli.md §6).
import { type ApplicationSource, isMultiSource, type RevisionHistory } from '../../model/application.ts';
import { withoutUserinfo } from '../../model/git-url.ts';
import { type Row, table } from './table.ts';
import { timeText } from './times.ts';

export function historyText(history: readonly RevisionHistory[], zone: string): string {
  const deployed = history.flatMap((entry) => sourcesOf(entry).map((source) => ({ entry, ...source })));
  const blocks = [...Map.groupBy(deployed, ({ source }) => source.repoURL)].map(([repoURL, rows]) =>
    blockOf(
      repoURL,
      rows.map(({ entry, source, revision }) => [
        String(entry.id),
        timeText(entry.deployedAt, zone),
        withCommit(source.targetRevision ?? '', revision),
      ]),
    ),
  );
  return blocks.join('\n');
}

export function historyIds(history: readonly RevisionHistory[]): string {
  return history.map((entry) => `${entry.id}\n`).join('');
}

function blockOf(repoURL: string, rows: readonly Row[]): string {
  return table([['SOURCE', withoutUserinfo(repoURL)], ['ID', 'DATE', 'REVISION'], ...rows]);
}

function sourcesOf(entry: RevisionHistory): readonly { readonly source: ApplicationSource; readonly revision: string }[] {
  if (!isMultiSource(entry)) return entry.source ? [{ source: entry.source, revision: entry.revision ?? '' }] : [];
  return (entry.sources ?? []).map((source, index) => ({ source, revision: entry.revisions?.[index] ?? '' }));
}

function withCommit(target: string, revision: string): string {
  return revision.length < 7 ? target : `${target} (${revision.slice(0, 7)})`;
}
