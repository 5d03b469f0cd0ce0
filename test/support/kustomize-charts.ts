// A chart that shows what it was told, and kustomizations that inflate charts.
import { basename } from 'node:path';
import type { Files } from './renderer.ts';

/** A chart below a folder, which it is called by: a ConfigMap with all that it was told, a workload, a hook, a test and a definition. */
export function chartFiles(folder: string): Files {
  const name = basename(folder);
  const hook = (type: string) =>
    `apiVersion: v1\nkind: Pod\nmetadata:\n  name: {{ .Release.Name }}-${name}-${type}\n  annotations: {helm.sh/hook: ${type}}\nspec: {}\n`;
  return {
    [`${folder}/Chart.yaml`]: `apiVersion: v2\nname: ${name}\nversion: 1.2.3\n`,
    [`${folder}/values.yaml`]: 'size: 1\nkept: {a: 1}\n',
    [`${folder}/templates/cm.yaml`]: [
      'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: {{ .Release.Name }}-{{ .Chart.Name }}, namespace: {{ .Release.Namespace }}}',
      'data:\n  values: {{ .Values | toJson | quote }}\n  kube: {{ .Capabilities.KubeVersion.Version }}',
      '  has: "{{ .Capabilities.APIVersions.Has "x.example/v1" }} {{ .Capabilities.APIVersions.Has "y.example/v1" }}"\n',
    ].join('\n'),
    [`${folder}/templates/workload.yaml`]: [
      'apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: {{ .Release.Name }}-{{ .Chart.Name }}\n  labels: {app: redis}',
      'spec:\n  template:\n    spec:\n      containers:\n      - {name: c, image: "redis:1", envFrom: [{configMapRef: {name: {{ .Release.Name }}-{{ .Chart.Name }}}}]}\n',
    ].join('\n'),
    [`${folder}/templates/hook.yaml`]: hook('pre-install'),
    [`${folder}/templates/tests/test.yaml`]: hook('test'),
    [`${folder}/crds/crd.yaml`]: `apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: ${name}}\n`,
  };
}

/** The field helmCharts, with the fields of each chart as YAML writes them in braces. */
export function kustomizationOf(charts: readonly string[]): string {
  return `helmCharts:\n${charts.map((text) => `- {${text}}\n`).join('')}`;
}
