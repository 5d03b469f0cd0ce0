<h1>{{ .Values.host | upper }}</h1>
{{- range $i, $tier := list "front" "back" }}
<p>{{ $i }}: {{ $tier }}</p>
{{- end }}
