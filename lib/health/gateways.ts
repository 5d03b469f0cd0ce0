// Health of the Gateway API's kinds: Gateway as spec/health.md §6.3 has it, routes and GatewayClass by the conditions that the Gateway API
// specification gives them.
import type { Health } from '../model/application.ts';
import { type Condition, health } from './decode.ts';
import { byCondition, conditioned, conditionOf, conditions, currentOf, lenientRule, listOf, metadata, struct, told } from './lenient.ts';

const gateway = struct({ status: struct({ conditions, listeners: listOf(struct({ conditions })) }) });

export const gatewayHealth = lenientRule(gateway, ({ status: { conditions: own, listeners } }) => {
  if (own.length === 0 && listeners.every((listener) => listener.conditions.length === 0))
    return health('Progressing', 'Waiting for Gateway status');
  const found = [unsettled(own, ''), ...listeners.map((listener) => unsettled(listener.conditions, 'Listener: '))];
  return found.find((state) => state !== undefined) ?? health('Healthy', 'Gateway is healthy');
});

/** What keeps a gateway, or one listener of it, from being healthy. */
function unsettled(all: readonly Condition[], prefix: string): Health | undefined {
  const refused = refusal(all);
  if (refused) return health('Degraded', prefix + refused.message);
  const pending = unprogrammed(all);
  return pending && health('Progressing', prefix + pending.message);
}

function unprogrammed(all: readonly Condition[]): Condition | undefined {
  return all.find(({ type, status }) => type === 'Programmed' && status !== 'True');
}

function refusal(all: readonly Condition[]): Condition | undefined {
  return all.find(({ type, status }) => (type === 'ResolvedRefs' || type === 'Accepted') && status === 'False');
}

const route = struct({ metadata, status: struct({ parents: listOf(struct({ conditions })) }) });

/** HTTPRoute and GRPCRoute: every parent has to accept it and resolve what it refers to; some also tell when they have programmed it. */
export const routeHealth = lenientRule(route, ({ metadata: { generation }, status }, { kind }) => {
  const waiting = `Waiting for ${kind}`;
  const parents = status.parents.map((parent) => currentOf(parent.conditions, generation));
  if (parents.length === 0) return health('Progressing', waiting);
  const refused = parents.map(refusal).find((condition) => condition !== undefined);
  if (refused) return health('Degraded', told(refused));
  const undecided = parents.find((parent) => !conditionOf(parent, 'Accepted', 'True'));
  if (undecided) return health('Progressing', conditionOf(undecided, 'Accepted')?.message || waiting);
  const pending = parents.map(unprogrammed).find((condition) => condition !== undefined);
  return pending ? health('Progressing', told(pending)) : health('Healthy');
});

export const gatewayClassHealth = lenientRule(conditioned, ({ metadata: { generation }, status }) => {
  const now = currentOf(status.conditions, generation);
  return byCondition(now, 'Accepted', conditionOf(now, 'Accepted')?.message || 'Waiting for GatewayClass');
});
