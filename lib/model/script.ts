// What users' own scripts are asked and say: Lua health checks (spec/health.md §6) and jq path expressions (spec/diff.md §5).
import type { Health } from './application.ts';
import type { LiveObject, Manifest } from './manifest.ts';

/** The Lua health check of a kind. `openLibs`: with the standard libraries, but for those that reach out of the script. */
export interface HealthScript {
  readonly script: string;
  readonly openLibs: boolean;
}

export interface HealthCheck extends HealthScript {
  readonly object: LiveObject;
}

/** What a script said of an object; nothing at all where it returned nothing; or, in the words of Lua, why it could not say. */
export type ScriptedHealth = { readonly health: Health | undefined } | { readonly fault: string };

/** What `del` is to take away. `field` names where the expression stands, for messages. */
export interface PathExpression {
  readonly field: string;
  readonly expression: string;
}

export interface Edit {
  readonly object: Manifest;
  /** One after the other. */
  readonly expressions: readonly PathExpression[];
}
