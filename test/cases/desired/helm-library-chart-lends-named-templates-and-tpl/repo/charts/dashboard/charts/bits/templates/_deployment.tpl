{{- define "bits.deployment" -}}
{{- $root := .root -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ include "bits.fullname" $root }}
  labels: {{ include "bits.labels" $root | nindent 4 }}
spec:
  selector:
    matchLabels:
      app.kubernetes.io/name: {{ include "bits.name" $root }}
  template:
    metadata:
      labels:
        app.kubernetes.io/name: {{ include "bits.name" $root }}
        app.kubernetes.io/component: {{ .component }}
        {{- with $root.Values.podLabels }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
    spec:
      {{- with $root.Values.tolerations }}
      tolerations: {{ toYaml . | nindent 6 }}
      {{- end }}
      containers:
        - name: {{ .component }}
          image: {{ .image }}:{{ $root.Chart.AppVersion }}
          ports:
            - containerPort: {{ include "bits.port" $root }}
          env: {{ tpl (toYaml $root.Values.extraEnv) $root | nindent 12 }}
          resources: {{- toYaml $root.Values.resources | nindent 12 }}
          securityContext:
{{ toYaml $root.Values.securityContext | indent 12 }}
{{- end -}}
