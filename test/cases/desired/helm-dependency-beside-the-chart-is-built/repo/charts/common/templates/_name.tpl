{{- define "common.name" }}{{ .Release.Name }}-from-common{{ end }}
