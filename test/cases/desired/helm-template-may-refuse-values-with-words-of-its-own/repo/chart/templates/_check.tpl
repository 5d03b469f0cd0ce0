{{- define "check" -}}
{{- if and (eq .Values.mode "cluster") (lt (int .Values.replicas) 3) -}}
{{- fail (printf "a cluster needs 3 replicas, not %v" .Values.replicas) -}}
{{- end -}}
{{- end -}}
