// Words that people wrote into options, hooks and waves and that mean nothing: Argo CD passes them over in silence (spec/sync.md §2.1,
// §2.2, §5, §6; spec/diff.md §9), which leaves a hook out, or prunes what was to be kept. Here a condition tells.
import { COMPARE_OPTIONS, HOOK, HOOK_DELETE_POLICY, SYNC_OPTIONS, SYNC_WAVE } from '../model/annotations.ts';
import type { Application, ApplicationCondition } from '../model/application.ts';
import { hookTypes, isHook, isHookType, isPolicy } from '../model/hook.ts';
import { annotationList, annotationOf, gvkOf, keyOf, type Manifest, objectText } from '../model/manifest.ts';
import { isWave, waveOf } from '../model/wave.ts';

const BOOLEAN = ['true', 'false'] as const;
const CONFIRMED = ['true', 'false', 'confirm'] as const;

type Options = Readonly<Record<string, readonly string[]>>;

/** What an object may say for itself, and an Application for all of its objects, with the values that it takes. */
const BOTH: Options = {
  Validate: BOOLEAN,
  SkipDryRunOnMissingResource: BOOLEAN,
  Prune: CONFIRMED,
  Delete: CONFIRMED,
  PruneLast: BOOLEAN,
  Replace: BOOLEAN,
  ServerSideApply: BOOLEAN,
};
const OF_OBJECTS: Options = { ...BOTH, Force: BOOLEAN };
const OF_APPLICATIONS: Options = {
  ...BOTH,
  PrunePropagationPolicy: ['foreground', 'background', 'orphan'],
  ApplyOutOfSyncOnly: BOOLEAN,
  ClientSideApplyMigration: BOOLEAN,
  CreateNamespace: BOOLEAN,
  FailOnSharedResource: BOOLEAN,
  RespectIgnoreDifferences: BOOLEAN,
};

/** What these say is read in one value only: the other takes nothing back that the Application says for all. */
const READ: Readonly<Record<string, string>> = {
  Validate: 'false',
  SkipDryRunOnMissingResource: 'true',
  PruneLast: 'true',
  Replace: 'true',
};

const COMPARED_OBJECTS = ['IgnoreExtraneous'] as const;
const COMPARED_APPLICATIONS = [
  ...COMPARED_OBJECTS,
  ...['ServerSideDiff', 'IncludeMutationWebhook'].flatMap((key) => BOOLEAN.map((value) => `${key}=${value}`)),
] as const;

/** So many are told, each in a condition; the rest are counted. */
const TOLD = 5;

/** One for each such word of the Application's own options and of what Git has, with what becomes of it. */
export function unknownValues(
  { spec, metadata }: Pick<Application, 'spec' | 'metadata'>,
  manifests: readonly Manifest[],
): readonly ApplicationCondition[] {
  const options = spec.syncPolicy?.syncOptions ?? [];
  const own = [
    ...options.map((option, index) => [
      `spec.syncPolicy.syncOptions[${index}]`,
      optionFault(option, OF_APPLICATIONS, OF_OBJECTS, 'single objects'),
    ]),
    ...annotationList({ metadata }, COMPARE_OPTIONS).map((option) => [
      `metadata.annotations['${COMPARE_OPTIONS}']`,
      comparisonFault(option, COMPARED_APPLICATIONS),
    ]),
  ];
  const all = [...told(own), ...manifests.flatMap((manifest) => faultsOf(manifest, options))];
  const more = all.length > TOLD ? [`${all.length - TOLD} more values that mean nothing are in its objects`] : [];
  return [...all.slice(0, TOLD), ...more].map((message) => ({ type: 'UnknownValueWarning', message }));
}

function told(faults: readonly (readonly (string | undefined)[])[]): readonly string[] {
  return faults.flatMap(([place, fault]) => (fault === undefined ? [] : [`${place}: ${fault}`]));
}

function faultsOf(manifest: Manifest, ofAll: readonly string[]): readonly string[] {
  if (manifest.metadata.annotations === undefined) return [];
  const compared = gvkOf(manifest).group === 'argoproj.io' && manifest.kind === 'Application' ? COMPARED_APPLICATIONS : COMPARED_OBJECTS;
  const faults = [
    ...annotationList(manifest, SYNC_OPTIONS).map((option) => [SYNC_OPTIONS, objectFault(option, ofAll)]),
    ...annotationList(manifest, COMPARE_OPTIONS).map((option) => [COMPARE_OPTIONS, comparisonFault(option, compared)]),
    ...annotationList(manifest, HOOK).map((type, _index, types) => [HOOK, hookFault(type, types, manifest)]),
    ...annotationList(manifest, HOOK_DELETE_POLICY).map((policy) => [HOOK_DELETE_POLICY, policyFault(policy)]),
    [SYNC_WAVE, waveFault(manifest)],
  ];
  return told(faults).map((fault) => `${nameOf(manifest)}: ${fault}`);
}

function nameOf(manifest: Manifest): string {
  const key = keyOf(manifest);
  return objectText({ ...key, name: key.name || `${manifest.metadata.generateName ?? ''}*` });
}

function objectFault(option: string, ofAll: readonly string[]): string | undefined {
  const fault = optionFault(option, OF_OBJECTS, OF_APPLICATIONS, 'an Application, in spec.syncPolicy.syncOptions');
  if (fault !== undefined) return fault;
  const [key = '', value] = option.split('=');
  const whole = Object.hasOwn(READ, key) ? `${key}=${READ[key]}` : undefined;
  if (whole === undefined || value === READ[key] || !ofAll.includes(whole)) return undefined;
  return `${quoted(option)} has no effect: ${whole} of the Application counts for all its objects`;
}

/** `others` are the options of `where`, which have no effect here. */
function optionFault(option: string, known: Options, others: Options, where: string): string | undefined {
  const [key = '', ...rest] = option.split('=');
  const values = Object.hasOwn(known, key) ? known[key] : undefined;
  if (values?.includes(rest.join('='))) return undefined;
  if (values) return `${quoted(option)} has no effect: ${key} takes ${values.join(', ')}`;
  // What is not asked for elsewhere either takes nothing away.
  if (Object.hasOwn(others, key) && rest.join('=') === 'false') return undefined;
  if (Object.hasOwn(others, key)) return `${quoted(option)} has no effect: it is an option of ${where}`;
  const alike = Object.keys(known).find((name) => name.toLowerCase() === key.trim().toLowerCase());
  return `${quoted(option)} has no effect: ${alike ? `it is written ${alike}` : `there is no such option; there are ${Object.keys(known).join(', ')}`}`;
}

function comparisonFault(option: string, known: readonly string[]): string | undefined {
  if (known.includes(option)) return undefined;
  const others = COMPARED_APPLICATIONS.some((each) => each === option)
    ? 'it is an option of an Application'
    : `there are ${known.join(', ')}`;
  return `${quoted(option)} has no effect: ${others}`;
}

function hookFault(type: string, types: readonly string[], manifest: Manifest): string | undefined {
  if (type === 'Skip' && types.length > 1) return `${quoted(type)} counts only alone, and is passed over`;
  if (isHookType(type)) return undefined;
  const left = isHook(manifest) && hookTypes(manifest).length === 0 ? 'so the object is never applied' : 'and is passed over';
  return `${quoted(type)} is no hook type, ${left}: there are PreSync, Sync, PostSync, SyncFail, PreDelete, PostDelete and Skip`;
}

function policyFault(policy: string): string | undefined {
  return isPolicy(policy)
    ? undefined
    : `${quoted(policy)} is no delete policy, and is passed over: there are BeforeHookCreation, HookSucceeded and HookFailed`;
}

function waveFault(manifest: Manifest): string | undefined {
  const text = annotationOf(manifest, SYNC_WAVE);
  // Templates leave it empty where it is not set.
  if (!text || isWave(text)) return undefined;
  return `${quoted(text)} is no whole number, so its wave is ${waveOf(manifest)}`;
}

/** Long ones are cut: the place says which it is. */
function quoted(text: string): string {
  return `'${text.length > 60 ? `${text.slice(0, 60)}…` : text}'`;
}
