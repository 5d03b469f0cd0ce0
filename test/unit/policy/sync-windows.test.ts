// When windows let syncs go on (spec/project.md §7). Each case: windows, and questions with the answers expected.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseApplication } from '../../../lib/model/application.ts';
import type { Manifest } from '../../../lib/model/manifest.ts';
import { parseProject } from '../../../lib/model/project.ts';
import { windowState, windowsOf, windowVerdict } from '../../../lib/policy/sync-windows.ts';
import { casesOf } from '../../support/cases.ts';

interface Asked {
  readonly now: string;
  readonly startedAt?: string;
}

function at(text: string | undefined): number {
  return Date.parse(text ?? '');
}

describe('sync windows', () => {
  it.each(casesOf('sync-windows'))('$name', (golden) => {
    const application = parseApplication(golden.read('application.yaml') as Manifest); // the case's author
    const project = parseProject(golden.read('project.yaml'));
    const windows = windowsOf(application, project);
    const answers = (golden.read('questions.yaml') as readonly Asked[]).map(({ now, startedAt }) => {
      const asked = { now: at(now), startedAt: startedAt === undefined ? undefined : at(startedAt) };
      const [automated, manual] = [false, true].map((byHand) => windowVerdict(windows, { ...asked, manual: byHand }));
      return { now, startedAt, automated, manual, state: windowState(windows, asked.now) };
    });
    golden.check({ windows: windows.map(({ field }) => field), answers });
  });
});

describe('the time until a window changes', () => {
  const windows = [
    { field: 'a', kind: 'allow', schedule: '*/7 3-5,20 * * *', duration: '5m' },
    { field: 'b', kind: 'deny', schedule: '30 */4 * * 1-5', duration: '47m', timeZone: 'America/New_York' },
  ];

  it('is when it opens, or when one of the windows changes that keep it closed; before that it stays closed', () => {
    const start = Date.parse('2026-11-23T00:00:00Z');
    fc.assert(
      fc.property(fc.nat(7 * 86_400), fc.double({ min: 0, max: 1, noNaN: true }), (seconds, part) => {
        const now = start + seconds * 1000;
        const verdict = windowVerdict(windows, { manual: false, now });
        if (verdict.open) return;
        const between = now + Math.floor((verdict.afterSeconds - 2) * part) * 1000;
        expect(windowVerdict(windows, { manual: false, now: Math.max(now, between) }).open).toBe(false);
      }),
    );
  });
});
