// Health of cert-manager's kinds: Certificate and issuers as spec/health.md §6.3 has them; CertificateRequest, Order and Challenge by what
// cert-manager's API reference says of their conditions and states.
import type { HealthStatusCode } from '../model/application.ts';
import { health } from './decode.ts';
import { byCondition, conditioned, conditionOf, lenientRule, struct, text, told } from './lenient.ts';

export const certificateHealth = lenientRule(conditioned, ({ status: { conditions } }) => {
  const issuing = conditionOf(conditions, 'Issuing', 'True');
  return issuing ? health('Progressing', issuing.message) : byCondition(conditions, 'Ready', 'Waiting for certificate');
});

export const issuerHealth = lenientRule(conditioned, ({ status: { conditions } }) =>
  byCondition(conditions, 'Ready', 'Initializing issuer'),
);

/** Not ready is no fault as long as the reason is Pending. */
export const certificateRequestHealth = lenientRule(conditioned, ({ status: { conditions } }) => {
  const refused = conditionOf(conditions, 'Denied', 'True') ?? conditionOf(conditions, 'InvalidRequest', 'True');
  if (refused) return health('Degraded', told(refused));
  const ready = conditionOf(conditions, 'Ready');
  if (ready?.status === 'False' && ready.reason === 'Pending') return health('Progressing', told(ready));
  return byCondition(conditions, 'Ready', 'Waiting for CertificateRequest');
});

const STATES: ReadonlyMap<string, HealthStatusCode> = new Map([
  ['', 'Progressing'],
  ['pending', 'Progressing'],
  ['processing', 'Progressing'],
  ['ready', 'Progressing'],
  ['valid', 'Healthy'],
  ['invalid', 'Degraded'],
  ['expired', 'Degraded'],
  ['errored', 'Degraded'],
]);

/** Order and Challenge; a state that ACME has not yet is Unknown. */
export const acmeHealth = lenientRule(struct({ status: struct({ state: text, reason: text }) }), ({ status: { state, reason } }) =>
  health(STATES.get(state) ?? 'Unknown', reason),
);
