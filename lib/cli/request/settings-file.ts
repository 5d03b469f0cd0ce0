// What `--argocd-cm-path` names: the settings of an installation in a file.
import { InvalidInput } from '../../model/errors.ts';
import { isRecord } from '../../model/manifest.ts';
import { parseYaml } from '../../model/yaml.ts';
import { readText } from '../input.ts';

/** `data` of the ConfigMap in a file; empty without a file. Throws InvalidInput for what is no ConfigMap, or holds values that are no texts. */
export async function settingsIn(file: string | undefined): Promise<Readonly<Record<string, string>>> {
  if (file === undefined) return {};
  const map = parseYaml(await readText(file), file);
  if (!isRecord(map) || map['kind'] !== 'ConfigMap') throw new InvalidInput(`${file} holds no ConfigMap`);
  const data = isRecord(map['data']) ? map['data'] : {};
  const entries = Object.entries(data).map(([key, value]) => {
    if (typeof value !== 'string') throw new InvalidInput(`${file}: data.${key} is no text, put it in quotes`);
    return [key, value] as const;
  });
  return Object.fromEntries(entries);
}
