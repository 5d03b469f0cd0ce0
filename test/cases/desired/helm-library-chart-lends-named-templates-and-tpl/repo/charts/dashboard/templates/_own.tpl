{{- /* Overrides one template of the library: the chart that uses it has the last word. */ -}}
{{- define "bits.port" -}}8443{{- end -}}
