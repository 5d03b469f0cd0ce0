import { describe, expect, it } from 'vitest';
import { approvalTime } from '../../../../lib/cli/request/approval.ts';
import type { Application } from '../../../../lib/model/application.ts';

const START = '2026-11-22T15:00:00Z';
const LATER = '2026-11-22T15:10:00Z';

function application(message: string | undefined, deletionTimestamp = ''): Application {
  const operationState = { operation: { sync: {} }, phase: 'Running' as const, startedAt: START, message };
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Application',
    metadata: { namespace: 'argocd', name: 'shop', ...(deletionTimestamp && { deletionTimestamp }) },
    spec: { project: 'default', destination: {} },
    status: { operationState },
  };
}

const ASKS = 'waiting for pruning confirmation of /ConfigMap/x';

describe('an approval counts from', () => {
  it.each([
    ['the begin of the operation that asks, whatever the clock says', application(ASKS), START],
    ['the begin of the deletion', application(undefined, LATER), LATER],
    ['the later of the two where both may ask', application(ASKS, LATER), LATER],
    ['no time where nothing asks', application('waiting for healthy state of apps/Deployment/web'), undefined],
  ])('%s', (_from, given, time) => {
    expect(approvalTime(given)).toBe(time);
  });
});
