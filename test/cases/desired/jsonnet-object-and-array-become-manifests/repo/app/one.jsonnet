local name = 'one';
{
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: name },
  data: { sum: std.toString(1 + 2), text: |||
    two
    lines
  ||| },
}
