// What the proof deploys: one ConfigMap by Kustomize, one by Helm, each with an Application of its own. Data only.

/** Namespace that the Applications deploy into. */
export const NAMESPACE = 'package-proof';

/** Files of the repository; `colour` is what tells one commit from another. */
export function sampleFiles(colour: string): Readonly<Record<string, string>> {
  return {
    'kustomize/kustomization.yaml': ['resources: [settings.yaml]', 'namePrefix: kustomized-', ''].join('\n'),
    'kustomize/settings.yaml': yaml({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'settings' },
      data: { colour },
    }),
    'chart/Chart.yaml': yaml({ apiVersion: 'v2', name: 'proof', version: '0.1.0' }),
    'chart/values.yaml': yaml({ colour }),
    'chart/templates/settings.yaml': [
      'apiVersion: v1',
      'kind: ConfigMap',
      'metadata: { name: "{{ .Release.Name }}-settings" }',
      'data: { colour: "{{ .Values.colour }}" }',
      '',
    ].join('\n'),
  };
}

/** An Application that syncs by itself. */
export function sampleApplication(name: string, path: string, repoURL: string, namespace: string): object {
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Application',
    metadata: { name, namespace },
    spec: {
      project: 'default',
      source: { repoURL, path, targetRevision: 'main' },
      destination: { server: 'https://kubernetes.default.svc', namespace: NAMESPACE },
      syncPolicy: { automated: { prune: true, selfHeal: true }, syncOptions: ['CreateNamespace=true'] },
    },
  };
}

/** JSON is YAML. */
function yaml(value: object): string {
  return `${JSON.stringify(value)}\n`;
}
