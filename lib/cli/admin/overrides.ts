// `evenkeel admin settings resource-overrides`: what the settings of an installation make of objects in a file.
import type { Command } from 'commander';
import { flattened } from '../../desired/manifests.ts';
import type { LiveObject } from '../../model/manifest.ts';
import { type ResourceSettings, resourceSettings } from '../../model/resource-settings.ts';
import { parseManifests } from '../../model/yaml.ts';
import { healthsOf } from '../../reconcile/healths.ts';
import { outputOf } from '../app/printing.ts';
import { EXIT_FAILED, Exit } from '../exit.ts';
import { readInput } from '../input.ts';
import { settingsIn } from '../request/settings-file.ts';
import type { Shell } from '../shell.ts';
import { healthText, ignoredText, OVERRIDE_OUTPUTS, type OverrideOutput } from '../view/overrides.ts';
import { ignoredIn } from './ignored.ts';

interface Flags {
  readonly argocdCmPath?: string;
  readonly output?: string;
}

const HEALTH_EXAMPLES = `
A Lua script of the settings goes before the built-in check of a kind. Several documents, or a list, give one result each, in their order.

Examples:
  evenkeel admin settings resource-overrides health deployment.yaml
  evenkeel admin settings resource-overrides health certificates.yaml --argocd-cm-path argocd-cm.yaml -o json
  kubectl get certificates -o yaml | evenkeel admin settings resource-overrides health - --argocd-cm-path argocd-cm.yaml
`;

const IGNORED_EXAMPLES = `
Shows what resource.customizations.ignoreDifferences takes away by jsonPointers and jqPathExpressions; managedFieldsManagers need both sides
of a comparison, see evenkeel admin compare. Values of Secrets are masked.

Examples:
  evenkeel admin settings resource-overrides ignore-differences deployment.yaml --argocd-cm-path argocd-cm.yaml
`;

export function addSettings(admin: Command, shell: Shell): void {
  const settings = admin.command('settings').description('look into the settings of an installation');
  const overrides = settings.command('resource-overrides').description('what resource.customizations make of objects');
  const add = (name: string, description: string, examples: string, act: typeof health) =>
    overrides
      .command(name)
      .description(description)
      .argument('<file>', 'file with the objects, - for standard input')
      .option('--argocd-cm-path <file>', 'file with the ConfigMap argocd-cm')
      .option('-o, --output <format>', 'text, json or yaml')
      .addHelpText('after', examples)
      .action((file: string, flags: Flags) => run(shell, file, flags, act));
  add('health', 'tell the health of objects', HEALTH_EXAMPLES, health);
  add('ignore-differences', 'tell which fields of objects are not compared', IGNORED_EXAMPLES, ignoreDifferences);
}

async function run(shell: Shell, file: string, flags: Flags, act: typeof health): Promise<void> {
  const output = outputOf(flags.output, OVERRIDE_OUTPUTS);
  const settings = resourceSettings(await settingsIn(flags.argocdCmPath));
  const objects = flattened(parseManifests(await readInput(shell.terminal, file), file), file) as readonly LiveObject[];
  if (objects.length === 0) throw new Exit(EXIT_FAILED, `${file} holds no object`);
  shell.terminal.write(await act(shell, objects, settings, output));
}

async function health(shell: Shell, objects: readonly LiveObject[], settings: ResourceSettings, output: OverrideOutput): Promise<string> {
  const healths = await healthsOf(objects, settings, await shell.scripts());
  return healthText(
    objects.map((object, index) => ({ object, health: healths[index] })),
    output,
  );
}

async function ignoreDifferences(shell: Shell, objects: readonly LiveObject[], settings: ResourceSettings, output: OverrideOutput) {
  return ignoredText(await ignoredIn(objects, settings, await shell.scripts()), output);
}
