{{- define "broker.voters" -}}
{{- $voters := list -}}
{{- range $i := until (int .Values.replicas) -}}
{{- $voters = append $voters (printf "%d@%s-%d.%s-headless:%d" $i $.Release.Name $i $.Release.Name (int $.Values.listeners.controller)) -}}
{{- end -}}
{{- join "," $voters -}}
{{- end -}}
