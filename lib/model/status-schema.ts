// Which parts of an Application's status are used: those that have their shape. Looser definitions than ours let anything in; what is spoilt
// counts as absent, and the next write puts it right.
import * as z from 'zod';

const row = z.looseObject({ version: z.string(), kind: z.string(), name: z.string() });
const operationState = z.looseObject({
  operation: z.looseObject({}),
  phase: z.enum(['Running', 'Terminating', 'Failed', 'Error', 'Succeeded']),
  startedAt: z.string(),
  syncResult: z
    .looseObject({ resources: z.array(row).nullish() })
    .nullish()
    .transform((result) => result ?? undefined),
});

function orAbsent<Schema extends z.ZodType>(schema: Schema) {
  return schema.optional().catch(undefined);
}

/** Never fails. */
export const statusSchema = orAbsent(
  z.looseObject({
    sync: orAbsent(z.looseObject({ status: z.string() })),
    health: orAbsent(z.looseObject({})),
    resources: orAbsent(z.array(row)),
    conditions: orAbsent(z.array(z.looseObject({ type: z.string(), message: z.string() }))),
    history: orAbsent(z.array(z.looseObject({ id: z.number() }))),
    operationState: orAbsent(operationState),
    reconciledAt: orAbsent(z.string()),
  }),
);
