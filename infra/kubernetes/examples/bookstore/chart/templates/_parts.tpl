{{/* Labels of every object. */}}
{{- define "bookstore.labels" -}}
app.kubernetes.io/part-of: bookstore
app.kubernetes.io/managed-by: {{ .Release.Service }}
bookstore.example.com/environment: {{ .Values.environment }}
{{- end }}

{{/* What a container may do at most: the "restricted" level of Pod Security. */}}
{{- define "bookstore.restricted" -}}
allowPrivilegeEscalation: false
capabilities:
  drop: [ALL]
{{- end }}

{{/* Variables out of the Secret "credentials": variable name -> key. */}}
{{- define "bookstore.secrets" -}}
{{- range $variable, $key := . }}
- name: {{ $variable }}
  valueFrom:
    secretKeyRef:
      name: credentials
      key: {{ $key }}
{{- end }}
{{- end }}

{{/* An account without a token of its own, for one part of the shop. */}}
{{- define "bookstore.account" -}}
apiVersion: v1
kind: ServiceAccount
metadata:
  name: {{ .name }}
  labels:
    {{- include "bookstore.labels" .root | nindent 4 }}
  annotations:
    argocd.argoproj.io/sync-wave: "-1"
automountServiceAccountToken: false
{{- end }}

{{/* Who may call one part of the shop. */}}
{{- define "bookstore.callers" -}}
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: {{ .name }}
  labels:
    {{- include "bookstore.labels" .root | nindent 4 }}
  annotations:
    argocd.argoproj.io/sync-wave: "-1"
spec:
  podSelector:
    matchLabels:
      app.kubernetes.io/name: {{ .name }}
  policyTypes: [Ingress]
  ingress:
    - from:
        {{- range .from }}
        - podSelector:
            matchLabels:
              app.kubernetes.io/name: {{ . }}
        {{- else }}
        - namespaceSelector: {}
        {{- end }}
      ports:
        - port: {{ .port }}
{{- end }}
