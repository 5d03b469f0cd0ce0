// How much a sync may prune before somebody has to agree.
import { describe, expect, test } from 'vitest';
import { DELETION_BUDGET } from '../../../lib/model/annotations.ts';
import type { Application } from '../../../lib/model/application.ts';
import type { AppProject } from '../../../lib/model/project.ts';
import { budgetWarning, isOverBudget } from '../../../lib/policy/deletion-budget.ts';

function project(text?: string): AppProject {
  const annotations = text === undefined ? {} : { [DELETION_BUDGET]: text };
  return { apiVersion: 'argoproj.io/v1alpha1', kind: 'AppProject', metadata: { name: 'shop', annotations }, spec: {} };
}

const application: Application = {
  apiVersion: 'argoproj.io/v1alpha1',
  kind: 'Application',
  metadata: { name: 'web', namespace: 'argocd' },
  spec: { project: 'shop', destination: {} },
};

const keys = (count: number) =>
  Array.from({ length: count }, (_, index) => ({ group: '', kind: 'ConfigMap', namespace: 'shop', name: `c${index}` }));

describe('a sync that prunes', () => {
  test.each([
    [undefined, 5, 5, false],
    [undefined, 6, 12, false],
    [undefined, 6, 11, true],
    ['', 6, 11, true],
    ['5, 50%', 6, 12, false],
    ['50%,5', 6, 11, true],
    ['20', 20, 20, false],
    ['20', 21, 1000, true],
    ['20%', 2, 10, false],
    ['20%', 3, 10, true],
    ['0', 0, 10, false],
    ['0', 1, 1000, true],
    ['100%', 10, 10, false],
    ['none', 1000, 1000, false],
    [' none ', 1000, 1000, false],
    ['half', 1, 1000, true],
    ['5, 5', 1, 1000, true],
    ['150%', 1, 1000, true],
    ['-1', 1, 1000, true],
  ])('under the budget %j, of %d objects out of %d, asks: %s', (text, prunes, objects, asks) => {
    expect(isOverBudget(project(text), prunes, objects)).toBe(asks);
  });
});

describe('what it says', () => {
  const say = (text: string | undefined, count: number) => budgetWarning(application, project(text), keys(count), 8).message;

  test('names what would go, what may go, and both ways out', () => {
    expect(say(undefined, 6)).toMatchInlineSnapshot(
      `"The sync would prune 6 of 8 objects (/ConfigMap/shop/c0, /ConfigMap/shop/c1, /ConfigMap/shop/c2, /ConfigMap/shop/c3, /ConfigMap/shop/c4 and 1 more); project 'shop' lets it prune 5 objects or 50 % without asking. To go on: evenkeel app confirm-deletion web, or set annotation argocd.argoproj.io/deletion-approved to the time now. To keep them: put them back into Git, or evenkeel app terminate-op web"`,
    );
    expect(say('20%', 2)).toMatchInlineSnapshot(
      `"The sync would prune 2 of 8 objects (/ConfigMap/shop/c0, /ConfigMap/shop/c1); project 'shop' lets it prune 20 % without asking. To go on: evenkeel app confirm-deletion web, or set annotation argocd.argoproj.io/deletion-approved to the time now. To keep them: put them back into Git, or evenkeel app terminate-op web"`,
    );
  });

  test('names the annotation that cannot be read', () => {
    expect(say('half', 1)).toMatchInlineSnapshot(
      `"The sync would prune 1 of 8 objects (/ConfigMap/shop/c0); project 'shop' lets it prune nothing without asking (AppProject 'shop': metadata.annotations['evenkeel.dev/deletion-budget']: 'half' is no budget such as '5, 50%', '20' or 'none'). To go on: evenkeel app confirm-deletion web, or set annotation argocd.argoproj.io/deletion-approved to the time now. To keep them: put them back into Git, or evenkeel app terminate-op web"`,
    );
  });
});
