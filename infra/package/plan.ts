// What serverless.yml wants packaged: an archive for each function and each layer, and which layers a function brings along. Pure.
import * as z from 'zod';
import { InvalidInput } from '../../lib/model/errors.ts';

export interface PlannedFunction {
  readonly name: string;
  /** Path of the handler's module without its extension: `functions/webhook`. */
  readonly module: string;
  /** Path of the archive, relative to the project. */
  readonly artifact: string;
  /** Names of its layers. */
  readonly layers: readonly string[];
}

export interface PlannedLayer {
  readonly name: string;
  readonly artifact: string;
}

export interface PackagePlan {
  readonly functions: readonly PlannedFunction[];
  readonly layers: readonly PlannedLayer[];
}

const packaged = z.looseObject({ artifact: z.string().regex(/\.zip$/, 'is a .zip') });
const name = z.string().regex(/^[A-Za-z0-9]+$/, 'is letters and digits');
const document = z.looseObject({
  layers: z.record(name, z.looseObject({ package: packaged })).default({}),
  functions: z.record(
    name,
    z.looseObject({ handler: z.string(), package: packaged, layers: z.array(z.looseObject({ Ref: z.string() })).default([]) }),
  ),
});

/** Reads a parsed serverless.yml. Throws InvalidInput with every fault and its path. */
export function packagePlan(raw: unknown): PackagePlan {
  const parsed = document.safeParse(raw);
  if (!parsed.success) {
    const faults = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
    throw new InvalidInput(`serverless.yml does not say what to package: ${faults.join('; ')}`);
  }
  const { layers, functions } = parsed.data;
  const named = new Map(Object.keys(layers).map((layer) => [logicalId(layer), layer]));
  return {
    layers: Object.entries(layers).map(([layer, given]) => ({ name: layer, artifact: given.package.artifact })),
    functions: Object.entries(functions).map(
      ([
        given,
        {
          handler,
          package: { artifact },
          layers: refs,
        },
      ]) => ({
        name: given,
        module: handler.slice(0, handler.lastIndexOf('.')),
        artifact,
        layers: refs.map(({ Ref }) => layerOf(Ref, named, given)),
      }),
    ),
  };
}

/** The name of a layer's resource in CloudFormation (osls, "AWS Lambda Layers"). */
function logicalId(layer: string): string {
  return `${layer.charAt(0).toUpperCase()}${layer.slice(1)}LambdaLayer`;
}

function layerOf(ref: string, named: ReadonlyMap<string, string>, user: string): string {
  const layer = named.get(ref);
  if (layer === undefined)
    throw new InvalidInput(`serverless.yml: functions.${user}.layers: ${ref} is none of the layers that the file declares`);
  return layer;
}
