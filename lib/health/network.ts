// Health of Service and Ingress (spec/health.md §4): those that wait for an address are Progressing until they have one.
import * as z from 'zod';
import { isRecord } from '../model/manifest.ts';
import { type HealthRule, health, listOf, struct, text, typedRule } from './decode.ts';

const service = struct({
  spec: struct({ type: text }),
  status: struct({ loadBalancer: struct({ ingress: listOf(z.unknown()) }) }),
});

export const serviceHealth = typedRule(['v1'], service, ({ spec, status }) =>
  health(spec.type === 'LoadBalancer' && status.loadBalancer.ingress.length === 0 ? 'Progressing' : 'Healthy'),
);

/** Read raw, in whatever version; what stands in the list is not looked at. */
export const ingressHealth: HealthRule = (live) => {
  const status = isRecord(live['status']) ? live['status'] : {};
  const balancer = isRecord(status['loadBalancer']) ? status['loadBalancer'] : {};
  const ingress = balancer['ingress'];
  return health(Array.isArray(ingress) && ingress.length > 0 ? 'Healthy' : 'Progressing');
};
