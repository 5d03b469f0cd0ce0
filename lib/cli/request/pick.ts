// Which Application of a file a command is about.
import { flattened } from '../../desired/manifests.ts';
import { InvalidInput } from '../../model/errors.ts';
import { gvkOf, type Manifest } from '../../model/manifest.ts';
import { parseManifests } from '../../model/yaml.ts';
import { EXIT_FAILED, Exit } from '../exit.ts';
import { APPLICATION } from './manifest.ts';

/**
 * The Application in a file of YAML documents or lists, other kinds aside; of several, the one of that name, `[namespace/]name`.
 * Throws Exit 1 when a name is missing, InvalidInput when there is no such Application or the text cannot be read.
 */
export function pickApplication(text: string, file: string, name: string | undefined): Manifest {
  const applications = flattened(parseManifests(text, file), file).filter(isApplication);
  if (applications.length === 0) throw new InvalidInput(`${file} holds no Application`);
  const found = applications.filter((application) => name === undefined || isNamed(application, name));
  const [first, second] = found;
  if (first === undefined) throw new InvalidInput(`${file} holds no Application ${name}, it holds ${namesOf(applications)}`);
  if (second !== undefined) throw new Exit(EXIT_FAILED, `${file} holds several Applications, name one: ${namesOf(found)}`);
  return first;
}

function isApplication(manifest: Manifest): boolean {
  const { group, kind } = gvkOf(manifest);
  return group === APPLICATION.group && kind === APPLICATION.kind;
}

function isNamed({ metadata }: Manifest, name: string): boolean {
  return metadata.name === name || `${metadata.namespace}/${metadata.name}` === name;
}

function namesOf(applications: readonly Manifest[]): string {
  return applications.map(({ metadata }) => [metadata.namespace, metadata.name].filter(Boolean).join('/')).join(', ');
}
