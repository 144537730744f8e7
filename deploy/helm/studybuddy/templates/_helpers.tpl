{{- define "studybuddy.name" -}}
{{- if contains "studybuddy" .Release.Name }}{{ .Release.Name | trunc 50 | trimSuffix "-" }}{{ else }}{{ printf "%s-studybuddy" .Release.Name | trunc 50 | trimSuffix "-" }}{{ end }}
{{- end }}

{{- define "studybuddy.secret" -}}
{{ .Values.existingSecret | default (printf "%s-secrets" (include "studybuddy.name" .)) }}
{{- end }}

{{- define "studybuddy.image" -}}
{{ printf "%sstudybuddy-%s:%s" .root.Values.images.registry .role (.root.Values.images.tag | default .root.Chart.AppVersion) }}
{{- end }}

{{- define "studybuddy.labels" -}}
app.kubernetes.io/name: studybuddy
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{/* What every pod of ours has in common: no rights, its own settings, a home and a folder for what is temporary. */}}
{{- define "studybuddy.pod" -}}
securityContext:
  runAsNonRoot: true
  runAsUser: 10001
  runAsGroup: 10001
  fsGroup: 10001
  seccompProfile: {type: RuntimeDefault}
enableServiceLinks: false
{{- with .Values.images.pullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
volumes:
  - {name: home, emptyDir: {}}
  - {name: tmp, emptyDir: {}}
{{- end }}

{{- define "studybuddy.container" -}}
imagePullPolicy: {{ .Values.images.pullPolicy }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: {drop: [ALL]}
envFrom:
  - configMapRef: {name: {{ include "studybuddy.name" . }}-settings}
  - secretRef: {name: {{ include "studybuddy.secret" . }}}
volumeMounts:
  - {name: home, mountPath: /var/lib/studybuddy}
  - {name: tmp, mountPath: /tmp}
{{- end }}

{{/* A probe by a command, for what listens on loopback or not at all. */}}
{{- define "studybuddy.probes" -}}
startupProbe:
  exec: {command: [studybuddy, healthy, {{ . }}]}
  periodSeconds: 5
  timeoutSeconds: 15
  failureThreshold: 36
livenessProbe:
  exec: {command: [studybuddy, healthy, {{ . }}]}
  periodSeconds: 60
  timeoutSeconds: 20
  failureThreshold: 3
{{- end }}

{{/* Pods begin anew where a setting or a secret of the chart has changed. */}}
{{- define "studybuddy.checksums" -}}
checksum/settings: {{ include (print .Template.BasePath "/settings.yaml") . | sha256sum }}
checksum/secrets: {{ toYaml .Values.secrets | sha256sum }}
{{- end }}
