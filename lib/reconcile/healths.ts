// healthsOf: the health of live objects by an installation's scripts and the built-in checks (spec/health.md §2).
import { kindOf } from '../compare/differences.ts';
import { maskedSecrets } from '../compare/mask.ts';
import { isBeingDeleted, resourceHealth } from '../health/health.ts';
import type { Health } from '../model/application.ts';
import { healthScript } from '../model/health-script.ts';
import type { LiveObject } from '../model/manifest.ts';
import type { ResourceSettings } from '../model/resource-settings.ts';
import type { HealthCheck } from '../model/script.ts';
import type { Scripts } from '../ports.ts';

/** The check as the script gets it: what it says is shown to everybody, so the values of a Secret are none of its business. */
export function asked(check: HealthCheck, { maskedAnnotations }: Pick<ResourceSettings, 'maskedAnnotations'>): HealthCheck {
  const { group, kind } = kindOf(check.object);
  if (group !== '' || kind !== 'Secret') return check;
  const [object = check.object] = maskedSecrets([check.object], maskedAnnotations);
  return { ...check, object };
}

/** One for each object, in order; undefined where nothing judges the kind. */
export async function healthsOf(
  objects: readonly LiveObject[],
  settings: ResourceSettings,
  scripts: Scripts,
): Promise<readonly (Health | undefined)[]> {
  const checks = objects.flatMap((object) => {
    const script = isBeingDeleted(object) ? undefined : healthScript(settings, kindOf(object));
    return script ? [{ ...script, object }] : [];
  });
  const said = checks.length === 0 ? [] : await scripts.health(checks.map((check) => asked(check, settings)));
  const scripted = new Map(checks.map(({ object }, index) => [object, said[index]]));
  return objects.map((object) => resourceHealth(object, scripted.get(object)));
}
