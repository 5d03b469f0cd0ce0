local cm(name) = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: name } };
[cm('two-%d' % i) for i in std.range(1, 2)] + [null]
