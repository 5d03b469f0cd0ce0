// CloudFormation's references (`Ref`, `Fn::GetAtt`, `Fn::Sub`, `Fn::Join`) answered with what stands in for the resource here.
import { InvalidInput } from '../../../lib/model/errors.ts';
import { isRecord } from '../../../lib/model/manifest.ts';

/** A resource as references see it: what `Ref` gives, and its attributes by name. */
export interface LocalResource {
  readonly ref: string;
  readonly attributes: Readonly<Record<string, string>>;
}

/** Resources and pseudo parameters by name. */
export type LocalResources = Readonly<Record<string, LocalResource>>;

/** A value with its references replaced. Throws InvalidInput that names `where` and what has no counterpart here. */
export function resolveReferences(value: unknown, resources: LocalResources, where: string): unknown {
  if (Array.isArray(value)) return value.map((item) => resolveReferences(item, resources, where));
  if (!isRecord(value)) return value;
  const [key, ...others] = Object.keys(value);
  if (key !== undefined && others.length === 0 && (key === 'Ref' || key.startsWith('Fn::'))) {
    return intrinsic(key, value[key], resources, where);
  }
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, resolveReferences(item, resources, where)]));
}

function intrinsic(name: string, argument: unknown, resources: LocalResources, where: string): string {
  switch (name) {
    case 'Ref':
      return attribute(String(argument), resources, where);
    case 'Fn::GetAtt':
      return attribute(Array.isArray(argument) ? argument.join('.') : String(argument), resources, where);
    case 'Fn::Sub':
      return substitute(argument, resources, where);
    case 'Fn::Join':
      return join(resolveReferences(argument, resources, where), where);
    default:
      throw new InvalidInput(`${where}: ${name} is not one that the local host answers (Ref, Fn::GetAtt, Fn::Sub, Fn::Join)`);
  }
}

function attribute(path: string, resources: LocalResources, where: string): string {
  const [name = '', ...rest] = path.split('.');
  const resource = Object.hasOwn(resources, name) ? resources[name] : undefined;
  const value = rest.length === 0 ? resource?.ref : resource?.attributes[rest.join('.')];
  if (value === undefined)
    throw new InvalidInput(`${where}: nothing here stands in for ${path}; give the local host a value of its own for it`);
  return value;
}

function substitute(argument: unknown, resources: LocalResources, where: string): string {
  const [template, values] = Array.isArray(argument) ? argument : [argument, {}];
  const own = resolveReferences(isRecord(values) ? values : {}, resources, where);
  return String(template).replace(/\$\{(!?)([^}]+)\}/g, (_, literal: string, name: string) => {
    if (literal === '!') return `\${${name}}`;
    return isRecord(own) && Object.hasOwn(own, name) ? String(own[name]) : attribute(name, resources, where);
  });
}

function join(argument: unknown, where: string): string {
  if (!Array.isArray(argument) || !Array.isArray(argument[1])) throw new InvalidInput(`${where}: Fn::Join takes a separator and a list`);
  return argument[1].join(String(argument[0]));
}
