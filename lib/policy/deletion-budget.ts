// How much of an Application one sync may prune before a person has to agree: more than a number of objects and more than a share of them.
// Ours alone: in Argo CD a wrong path in Git empties an Application as fast as a right one fills it.
import { DELETION_APPROVED, DELETION_BUDGET } from '../model/annotations.ts';
import type { Application, ApplicationCondition } from '../model/application.ts';
import { keyText, type ResourceKey } from '../model/manifest.ts';
import type { AppProject } from '../model/project.ts';

/** A sync may prune up to `objects`, and up to `share` (0 to 1) of what the Application has: whichever is more. */
interface DeletionBudget {
  readonly objects: number;
  readonly share: number;
}

const DEFAULT: DeletionBudget = { objects: 5, share: 0.5 };
/** What cannot be read must not look like a wide budget. */
const NOTHING: DeletionBudget = { objects: 0, share: 0 };

/** What a project's annotation says: `5, 50%`, one of the two alone, or `none` for no budget. */
function budgetOf({ metadata }: AppProject): { readonly budget: DeletionBudget | undefined; readonly fault?: string } {
  const text = metadata.annotations?.[DELETION_BUDGET]?.trim();
  if (text === undefined || text === '') return { budget: DEFAULT };
  if (text === 'none') return { budget: undefined };
  const items = text.split(',').map((item) => /^(\d{1,9})(%?)$/.exec(item.trim()));
  const [numbers, shares] = [items.filter((item) => item?.[2] === ''), items.filter((item) => item?.[2] === '%')];
  if (items.includes(null) || numbers.length > 1 || shares.length > 1 || Number(shares[0]?.[1] ?? 0) > 100) {
    const where = `AppProject '${metadata.name}': metadata.annotations['${DELETION_BUDGET}']`;
    return { budget: NOTHING, fault: `${where}: '${text}' is no budget such as '5, 50%', '20' or 'none'` };
  }
  return { budget: { objects: Number(numbers[0]?.[1] ?? 0), share: Number(shares[0]?.[1] ?? 0) / 100 } };
}

/** Whether pruning `prunes` of the `objects` that an Application has needs a person's word. */
export function isOverBudget(project: AppProject, prunes: number, objects: number): boolean {
  const { budget } = budgetOf(project);
  return budget !== undefined && prunes > budget.objects && prunes > budget.share * objects;
}

/** So many are named. */
const NAMED = 5;

/** What the Application's conditions say while it waits. `pruned` are the objects that would go, `objects` how many there are. */
export function budgetWarning(
  application: Application,
  project: AppProject,
  pruned: readonly ResourceKey[],
  objects: number,
): ApplicationCondition {
  const { budget = NOTHING, fault } = budgetOf(project);
  const limits = [budget.objects > 0 ? `${budget.objects} objects` : '', budget.share > 0 ? `${Math.round(budget.share * 100)} %` : ''];
  const allowed = limits.filter((limit) => limit !== '').join(' or ') || 'nothing';
  const names = pruned.slice(0, NAMED).map(keyText).join(', ');
  const more = pruned.length > NAMED ? ` and ${pruned.length - NAMED} more` : '';
  const message =
    `The sync would prune ${pruned.length} of ${objects} objects (${names}${more}); project '${project.metadata.name}' lets it prune ${allowed} ` +
    `without asking${fault === undefined ? '' : ` (${fault})`}. To go on: evenkeel app confirm-deletion ${application.metadata.name}, or set ` +
    `annotation ${DELETION_APPROVED} to the time now. To keep them: put them back into Git, or evenkeel app terminate-op ${application.metadata.name}`;
  return { type: 'DeletionBudgetWarning', message };
}
