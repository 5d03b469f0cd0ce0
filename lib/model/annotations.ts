// Every annotation, label and finalizer that we read or write, by the names that Argo CD gave them (spec/application.md §8, §9).

export const TRACKING_ID = 'argocd.argoproj.io/tracking-id';
/** Which of several installations that share a cluster an object belongs to (setting `installationID`). */
export const INSTALLATION_ID = 'argocd.argoproj.io/installation-id';
/** The label that an installation tracks by unless it names another; the older one is put on pod templates too (spec/diff.md §2). */
export const INSTANCE_LABEL = 'app.kubernetes.io/instance';
export const LEGACY_INSTANCE_LABEL = 'applications.argoproj.io/app-name';
export const REFRESH = 'argocd.argoproj.io/refresh';
export const REFRESH_TIMESTAMP = 'argocd.argoproj.io/refresh-timestamp';
export const SKIP_RECONCILE = 'argocd.argoproj.io/skip-reconcile';
export const MANIFEST_GENERATE_PATHS = 'argocd.argoproj.io/manifest-generate-paths';
export const DELETION_APPROVED = 'argocd.argoproj.io/deletion-approved';
export const SYNC_WAVE = 'argocd.argoproj.io/sync-wave';
export const SYNC_OPTIONS = 'argocd.argoproj.io/sync-options';
export const HOOK = 'argocd.argoproj.io/hook';
export const HOOK_DELETE_POLICY = 'argocd.argoproj.io/hook-delete-policy';
export const COMPARE_OPTIONS = 'argocd.argoproj.io/compare-options';
export const IGNORE_HEALTHCHECK = 'argocd.argoproj.io/ignore-healthcheck';
export const IGNORE_RESTART_POLICY = 'argocd.argoproj.io/ignore-restart-policy';
export const HELM_HOOK = 'helm.sh/hook';
export const HELM_HOOK_WEIGHT = 'helm.sh/hook-weight';
export const HELM_HOOK_DELETE_POLICY = 'helm.sh/hook-delete-policy';
export const HELM_RESOURCE_POLICY = 'helm.sh/resource-policy';
/** Names one more client whose fields a sync takes over (spec/sync.md §4.2). */
export const MIGRATION_MANAGER = 'argocd.argoproj.io/client-side-apply-migration-manager';
export const HOOK_FINALIZER = 'argocd.argoproj.io/hook-finalizer';

/** What has been notified already, as the notifications controller writes it onto an Application (spec/notifications.md). */
export const NOTIFIED = 'notified.notifications.argoproj.io';

/** Cascading deletion; the plain form and `/foreground` delete in the foreground, `/background` in the background. */
export const RESOURCES_FINALIZER = 'resources-finalizer.argocd.argoproj.io';
/** Each of these on an Application has its objects deleted with it. */
export const CASCADE_FINALIZERS: readonly string[] = ['', '/foreground', '/background'].map((policy) => RESOURCES_FINALIZER + policy);

/** Argo CD's mark on an Application with hooks of its deletion; the form with `/cleanup` stands for the hooks' own deletion. */
export const PRE_DELETE_FINALIZER = 'pre-delete-finalizer.argocd.argoproj.io';
export const POST_DELETE_FINALIZER = 'post-delete-finalizer.argocd.argoproj.io';

/** Ours: the files that the last render of an Application read, as `Closure` JSON, so that a push knows whom it concerns. */
export const CLOSURE = 'evenkeel.dev/closure';

/** Ours, on an Application: names of those that have to be Synced and Healthy before it is synced, separated by commas. */
export const DEPENDS_ON = 'evenkeel.dev/depends-on';

/** Ours, on an Application: asks for deployments that its status no longer holds, and then holds the answer (lib/model/deployments.ts). */
export const DEPLOYMENTS = 'evenkeel.dev/deployments';

/** Ours, on an AppProject: how much a sync of its Applications may prune before somebody has to agree (lib/policy/deletion-budget.ts). */
export const DELETION_BUDGET = 'evenkeel.dev/deletion-budget';

/** Ours, on hooks: the operation that created this run of the hook, so that a repeated step finds its own and runs none twice. */
export const HOOK_OPERATION = 'evenkeel.dev/operation';

/** What client-side apply keeps of the manifest that it was given last (kubectl reference, "apply"). */
export const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

/** The field manager of everything that we apply, that of what we replace whole, and those whose fields we take over. */
export const FIELD_MANAGER = 'evenkeel';
export const REPLACE_MANAGER = 'evenkeel-replace';
export const ARGOCD_MANAGER = 'argocd-controller';
export const KUBECTL_MANAGER = 'kubectl-client-side-apply';
