// What a function finds in its environment: what Lambda sets, what serverless.yml gives, and the local host's own values over both.
import { InvalidInput } from '../../../lib/model/errors.ts';
import { type LocalResources, resolveReferences } from '../serverless/references.ts';
import { LOCAL, type ServiceFunction } from '../serverless/service.ts';

/** Values that take the place of serverless.yml's; `undefined` takes a variable away. */
export type LocalValues = Readonly<Record<string, string | undefined>>;

/** The whole environment of a function. Throws InvalidInput that names a variable which has no value here. */
export function functionEnvironment(
  given: ServiceFunction,
  resources: LocalResources,
  local: LocalValues,
): Readonly<Record<string, string>> {
  const declared = Object.entries(given.environment).filter(([name]) => !Object.hasOwn(local, name));
  const resolved = declared.map(([name, value]) => [name, textOf(value, resources, `serverless.yml: functions.${given.name}: ${name}`)]);
  const own = Object.entries(local).filter(([, value]) => value !== undefined);
  return { ...lambdaEnvironment(given), ...Object.fromEntries(resolved), ...Object.fromEntries(own) };
}

function textOf(value: unknown, resources: LocalResources, where: string): string {
  const answered = String(resolveReferences(value, resources, where));
  if (/\$\{\w+[:(]/.test(answered))
    throw new InvalidInput(`${where} is ${answered}, which has no value here: give the local host one of its own for it`);
  return answered;
}

/** "Using Lambda environment variables", defined runtime environment variables; the credentials open nothing. */
function lambdaEnvironment({ name, handler, memoryMb }: ServiceFunction): Readonly<Record<string, string>> {
  return {
    AWS_REGION: LOCAL.region,
    AWS_DEFAULT_REGION: LOCAL.region,
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
    AWS_LAMBDA_FUNCTION_NAME: name,
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(memoryMb),
    AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${name}`,
    AWS_LAMBDA_LOG_STREAM_NAME: 'local',
    _HANDLER: handler,
    LANG: 'en_US.UTF-8',
    TZ: ':UTC',
  };
}
