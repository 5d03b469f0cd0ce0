local naming = import 'naming.libsonnet';
local k = import 'k/k.libsonnet';
local own = import 'own.libsonnet';
function(namespace, labels={}) k.deployment(naming.full(std.extVar('app'), own.suffix)) {
  metadata+: { namespace: namespace, labels: labels },
  spec: { replicas: std.extVar('replicas') },
}
