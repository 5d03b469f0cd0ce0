// Health of Job and CronJob (spec/health.md §4, §6.3).
import * as z from 'zod';
import { condition, health, listOf, struct, typedRule } from './decode.ts';
import * as lenient from './lenient.ts';

const job = struct({ status: struct({ conditions: listOf(condition) }) });

/** Conditions count by their type alone; a former suspension that is over counts as an end (spec/health.md §4, Job). */
export const jobHealth = typedRule(['v1'], job, ({ status: { conditions } }) => {
  const failed = conditions.filter(({ type }) => type === 'Failed').at(-1);
  const ended = conditions.filter(({ type }) => type === 'Complete' || type === 'Suspended').at(-1);
  if (failed) return health('Degraded', failed.message);
  if (!ended) return health('Progressing');
  const suspended = conditions.some(({ type, status }) => type === 'Suspended' && status === 'True');
  return health(suspended ? 'Suspended' : 'Healthy', ended.message);
});

const cronJob = lenient.struct({
  spec: lenient.struct({ suspend: lenient.flag }),
  status: lenient.optional({
    lastScheduleTime: lenient.text,
    lastSuccessfulTime: lenient.text,
    active: lenient.listOf(z.unknown()),
  }),
});

export const cronJobHealth = lenient.lenientRule(cronJob, ({ spec, status }) => {
  if (spec.suspend) return health('Healthy', 'CronJob is Suspended');
  if (!status) return health('Progressing', 'Waiting for CronJob');
  if (status.lastScheduleTime === '') return health('Healthy', 'CronJob has not been scheduled yet');
  if (status.lastSuccessfulTime === '') return health('Healthy', 'The CronJob never completed successfully. It may not be healthy');
  if (status.active.length > 0) return health('Healthy', 'The job is running. Its last execution may not have been successful');
  if (status.lastSuccessfulTime < status.lastScheduleTime)
    return health('Degraded', 'CronJob has not completed its last execution successfully');
  return health('Healthy', 'CronJob has completed its last execution successfully');
});
