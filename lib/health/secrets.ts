// Health of what brings Secrets from elsewhere: external-secrets' kinds and SealedSecret (spec/health.md §6.3). The stores and PushSecret
// have the same Ready condition (external-secrets' API reference).
import { byCondition, conditioned, lenientRule } from './lenient.ts';

/** ExternalSecret, PushSecret, SecretStore and ClusterSecretStore. */
export const externalSecretHealth = lenientRule(conditioned, ({ status: { conditions } }, { kind }) =>
  byCondition(conditions, 'Ready', `Waiting for ${kind}`),
);

export const sealedSecretHealth = lenientRule(conditioned, ({ status: { conditions } }) =>
  byCondition(conditions, 'Synced', 'Waiting for Sealed Secret to be decrypted'),
);
