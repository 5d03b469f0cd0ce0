// jq path expressions as people write them, each with the fields that the jq manual says `del` takes away, in the real interpreter.
import { describe, expect, it, test } from 'vitest';
import { createScripts } from '../../../lib/adapters/scripts/scripts.ts';
import { withoutPointer } from '../../../lib/compare/ignore.ts';
import { InvalidInput } from '../../../lib/model/errors.ts';
import type { Manifest } from '../../../lib/model/manifest.ts';

const scripts = createScripts();

const container = (name: string, env: readonly string[]) => ({
  name,
  image: `registry.example.com/${name}:v1`,
  env: env.map((one) => ({ name: one, value: one.toLowerCase() })),
  resources: { limits: { cpu: '1', memory: '1Gi' }, requests: { cpu: '500m' } },
});

const deployment: Manifest = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: {
    name: 'web',
    namespace: 'shop',
    labels: { app: 'web', 'app.kubernetes.io/version': '1.2', 'helm.sh/chart': 'web-1.2' },
    annotations: { 'x.example.com/a': '1', 'x.example.com/b': '2', note: 'kept', 'deployment.kubernetes.io/revision': '7' },
  },
  spec: {
    replicas: 3,
    paused: false,
    template: {
      metadata: { annotations: { 'kubectl.kubernetes.io/restartedAt': 'now', checksum: 'abc' } },
      spec: {
        containers: [container('web', ['A', 'B']), container('istio-proxy', ['A', 'PROXY'])],
        initContainers: [container('istio-init', []), container('migrate', ['A'])],
        volumes: [
          { name: 'data', emptyDir: {} },
          { name: 'token', secret: { secretName: 'token' } },
        ],
        tolerations: [],
      },
    },
  },
};

const webhook: Manifest = {
  apiVersion: 'admissionregistration.k8s.io/v1',
  kind: 'MutatingWebhookConfiguration',
  metadata: { name: 'injector' },
  webhooks: [
    { name: 'a.example.com', clientConfig: { caBundle: 'AAA', service: { name: 'a' } }, failurePolicy: 'Fail' },
    { name: 'b.example.com', clientConfig: { caBundle: 'BBB', url: 'https://b' }, timeoutSeconds: 10 },
    { name: 'c.example.com' },
  ],
};

const widget: Manifest = {
  apiVersion: 'example.com/v1',
  kind: 'Widget',
  metadata: { name: 'one' },
  spec: {
    'odd key': 1,
    'a.b': { 'c/d': 2, "e'f": 3, 'g"h': 4 },
    numbers: [5, 10, 15, 20],
    rules: [
      { id: 'r1', on: true, hosts: ['a', 'b'] },
      { id: 'r2', on: false, hosts: [] },
      { id: 'r3', hosts: ['c'], secret: 'x' },
    ],
    nested: { secret: 'y', deep: { secret: 'z', list: [{ secret: 'w' }] } },
    empty: {},
    nothing: null,
    unicode: { é: 1 },
  },
};

const binding: Manifest = {
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'ClusterRole',
  metadata: { name: 'aggregate' },
  rules: [{ verbs: ['get'], resources: ['pods'] }],
  aggregationRule: {},
};

const C = '/spec/template/spec/containers';

/** The pointers in an order in which they can be taken away one by one. */
const ROWS: readonly (readonly [object: Manifest, expression: string, ...gone: readonly string[]])[] = [
  // Plain paths.
  [deployment, '.spec.replicas', '/spec/replicas'],
  [deployment, '.spec.paused', '/spec/paused'],
  [deployment, '.metadata.annotations', '/metadata/annotations'],
  [deployment, '.metadata.labels["helm.sh/chart"]', '/metadata/labels/helm.sh~1chart'],
  [deployment, '.metadata.labels."helm.sh/chart"', '/metadata/labels/helm.sh~1chart'],
  [deployment, '.["metadata"]["labels"]["app"]', '/metadata/labels/app'],
  [deployment, '."metadata"."labels"."app"', '/metadata/labels/app'],
  [
    deployment,
    '.spec.template.metadata.annotations."kubectl.kubernetes.io/restartedAt"',
    '/spec/template/metadata/annotations/kubectl.kubernetes.io~1restartedAt',
  ],
  [deployment, '.metadata.annotations["deployment.kubernetes.io/revision"]?', '/metadata/annotations/deployment.kubernetes.io~1revision'],
  [deployment, '.spec.template.spec.containers[0].image', `${C}/0/image`],
  [deployment, '.spec.template.spec.containers[-1].image', `${C}/1/image`],
  [deployment, '.spec.template.spec.containers[1]', `${C}/1`],
  [deployment, '.spec.missing.deeper', ...[]],
  [deployment, '.spec.template.spec.containers[7].image', ...[]],
  [deployment, ' .spec |\n .replicas ', '/spec/replicas'],
  [deployment, '(.spec.replicas)', '/spec/replicas'],
  [deployment, '.spec | .replicas', '/spec/replicas'],
  [deployment, '.spec.replicas, .spec.paused', '/spec/replicas', '/spec/paused'],
  [deployment, '.spec["replicas","paused"]', '/spec/replicas', '/spec/paused'],
  // Items by what they say.
  [deployment, '.spec.template.spec.containers[] | select(.name == "istio-proxy")', `${C}/1`],
  [deployment, '.spec.template.spec.containers[]|select(.name=="istio-proxy")|.resources', `${C}/1/resources`],
  [deployment, '.spec.template.spec.initContainers[] | select(.name == "istio-init")', '/spec/template/spec/initContainers/0'],
  [deployment, '.spec.template.spec.initContainers[]? | select(.name | startswith("istio"))', '/spec/template/spec/initContainers/0'],
  [deployment, '.spec.template.spec.containers[].resources.limits.cpu', `${C}/0/resources/limits/cpu`, `${C}/1/resources/limits/cpu`],
  [deployment, '.spec.template.spec.containers[].env[] | select(.name=="A")', `${C}/0/env/0`, `${C}/1/env/0`],
  [deployment, '.spec.template.spec.containers[] | select(.name == "web").env[] | select(.name == "B").value', `${C}/0/env/1/value`],
  [deployment, '.spec.template.spec.containers[].env[] | select(.name | IN("A", "PROXY"))', `${C}/0/env/0`, `${C}/1/env/1`, `${C}/1/env/0`],
  [deployment, '.spec.template.spec.containers[] | select(.name != "web") | .image, .env', `${C}/1/image`, `${C}/1/env`],
  [deployment, '.spec.template.spec.containers[] | select(.image | test("istio-.*:v[0-9]+$"))', `${C}/1`],
  [deployment, '.spec.template.spec.containers[] | select(.image | contains("istio")).image', `${C}/1/image`],
  [deployment, '.spec.template.spec.volumes[] | select(has("secret"))', '/spec/template/spec/volumes/1'],
  [deployment, '.spec.template.spec.volumes[] | select(.emptyDir)', '/spec/template/spec/volumes/0'],
  [deployment, '.spec.template.spec.tolerations | select(length == 0)', '/spec/template/spec/tolerations'],
  [deployment, '.spec.template.spec.containers[] | select(.name == ("istio" + "-proxy"))', `${C}/1`],
  [
    deployment,
    '.spec.template.spec | (.containers, .initContainers)[] | select(.name | test("^istio"))',
    `${C}/1`,
    '/spec/template/spec/initContainers/0',
  ],
  [deployment, '.spec.template.spec.containers[] | select(any(.env[]; .name == "PROXY")) | .env', `${C}/1/env`],
  [deployment, '.spec.template.spec.containers | first', `${C}/0`],
  [deployment, 'first(.spec.template.spec.containers[])', `${C}/0`],
  [deployment, '.spec.template.spec.containers | last', `${C}/1`],
  [deployment, 'if .metadata.name == "web" then .spec.replicas else empty end', '/spec/replicas'],
  [deployment, 'select(.metadata.namespace == "shop") | .spec.replicas', '/spec/replicas'],
  [deployment, 'select(.metadata.namespace == "other") | .spec.replicas', ...[]],
  [deployment, '.kind as $kind | .spec.replicas | select($kind == "Deployment")', '/spec/replicas'],
  // Fields by their names.
  [deployment, '.metadata.annotations | with_entries(select(.key | startswith("x")))', ...[]],
  [
    deployment,
    '.metadata.annotations[.metadata.annotations | keys[] | select(startswith("x.example.com/"))]',
    '/metadata/annotations/x.example.com~1a',
    '/metadata/annotations/x.example.com~1b',
  ],
  [
    deployment,
    '.metadata.annotations | .[keys[] | select(startswith("x"))]',
    '/metadata/annotations/x.example.com~1a',
    '/metadata/annotations/x.example.com~1b',
  ],
  [deployment, '.metadata.annotations | keys[] | select(startswith("x"))', ...[]],
  [deployment, '.metadata.labels | to_entries', ...[]],
  [
    deployment,
    '.metadata.labels[]',
    '/metadata/labels/app',
    '/metadata/labels/app.kubernetes.io~1version',
    '/metadata/labels/helm.sh~1chart',
  ],
  [deployment, 'getpath(["spec", "replicas"])', '/spec/replicas'],
  [deployment, 'path(.spec.replicas)', ...[]],
  [deployment, 'getpath(paths(type == "boolean"))', '/spec/paused'],
  [
    deployment,
    '.metadata | .labels, .annotations | .[keys_unsorted[] | select(test("helm|revision"))]',
    '/metadata/labels/helm.sh~1chart',
    '/metadata/annotations/deployment.kubernetes.io~1revision',
  ],
  // Webhooks and what is missing.
  [webhook, '.webhooks[]?.clientConfig.caBundle', '/webhooks/0/clientConfig/caBundle', '/webhooks/1/clientConfig/caBundle'],
  [webhook, '.webhooks[].clientConfig.caBundle', '/webhooks/0/clientConfig/caBundle', '/webhooks/1/clientConfig/caBundle'],
  [webhook, '.webhooks[0].clientConfig.caBundle', '/webhooks/0/clientConfig/caBundle'],
  [webhook, '.webhooks[] | select(.name == "b.example.com") | .timeoutSeconds', '/webhooks/1/timeoutSeconds'],
  [webhook, '.webhooks[]?.failurePolicy, .webhooks[]?.timeoutSeconds', '/webhooks/0/failurePolicy', '/webhooks/1/timeoutSeconds'],
  [webhook, '.webhooks[1:]', '/webhooks/2', '/webhooks/1'],
  [webhook, '.webhooks[:-1]', '/webhooks/1', '/webhooks/0'],
  [webhook, '.webhooks | .[length - 1]', '/webhooks/2'],
  [webhook, '.spec.things[]', ...[]],
  [webhook, '.spec.things[]?', ...[]],
  [webhook, '.metadata.name[]', ...[]],
  [webhook, '.metadata.name.first', ...[]],
  [webhook, '.metadata.name.first?', ...[]],
  [webhook, '.webhooks[] | select(.clientConfig.service) | .clientConfig.service', '/webhooks/0/clientConfig/service'],
  [webhook, '.webhooks[] | select((.timeoutSeconds // 0) > 5) | .timeoutSeconds', '/webhooks/1/timeoutSeconds'],
  [webhook, '.webhooks[] | .failurePolicy // empty', '/webhooks/0/failurePolicy'],
  // Odd names, numbers, recursion.
  [widget, '.spec["odd key"]', '/spec/odd key'],
  [widget, '.spec."odd key"', '/spec/odd key'],
  [widget, '.spec["a.b"]["c/d"]', '/spec/a.b/c~1d'],
  [widget, '.spec."a.b"."e\'f"', "/spec/a.b/e'f"],
  [widget, '.spec["a.b"]["g\\"h"]', '/spec/a.b/g"h'],
  [widget, '.spec.unicode["é"]', '/spec/unicode/é'],
  [widget, '.spec.unicode["\\u00e9"]', '/spec/unicode/é'],
  [widget, '.spec.numbers[] | select(. > 9 and . < 20)', '/spec/numbers/2', '/spec/numbers/1'],
  [widget, '.spec.numbers[1,3]', '/spec/numbers/3', '/spec/numbers/1'],
  [widget, '.spec.numbers[range(0; 4; 2)]', '/spec/numbers/2', '/spec/numbers/0'],
  [widget, '.spec.rules[] | select(.on)', '/spec/rules/0'],
  [widget, '.spec.rules[] | select(.on | not)', '/spec/rules/2', '/spec/rules/1'],
  [widget, '.spec.rules[] | select(.on == null) | .secret', '/spec/rules/2/secret'],
  [widget, '.spec.rules[] | select(.hosts | index("a"))', '/spec/rules/0'],
  [widget, '.spec.rules[].hosts[] | select(. == "c")', '/spec/rules/2/hosts/0'],
  [widget, '.spec.rules[] | select(.id | ltrimstr("r") | tonumber > 1) | .id', '/spec/rules/1/id', '/spec/rules/2/id'],
  [widget, '.. | .secret?', '/spec/rules/2/secret', '/spec/nested/secret', '/spec/nested/deep/secret', '/spec/nested/deep/list/0/secret'],
  [widget, '..|.secret?|select(. == "z")', '/spec/nested/deep/secret'],
  [widget, '.spec.nested | recurse | objects | .list', '/spec/nested/deep/list'],
  [widget, '.spec | .. | select(. == {})', '/spec/empty'],
  [widget, '.spec.nothing', '/spec/nothing'],
  [widget, 'label $out | .spec.numbers[] | if . > 7 then ., break $out else empty end', '/spec/numbers/1'],
  [widget, 'def named($n): .spec.rules[] | select(.id == $n); named("r2")', '/spec/rules/1'],
  [widget, 'limit(2; .spec.rules[])', '/spec/rules/1', '/spec/rules/0'],
  [widget, '.spec.numbers # the rest is a remark\n', '/spec/numbers'],
  [widget, 'empty', ...[]],
  [binding, '.rules', '/rules'],
  [binding, '.rules[]?.verbs', '/rules/0/verbs'],
  // No effect: an error, more or fewer than one result, no object.
  [widget, '.spec.numbers, error("no")', ...[]],
  [widget, '.spec.numbers | tostring', ...[]],
  [widget, '.spec.numbers), (.spec.rules', ...[]],
  [widget, '.spec.numbers) | empty | (.', ...[]],
  [widget, '.', ...[]],
  [widget, '..', ...[]],
  [widget, '.spec.numbers) | tojson | (.', ...[]],
  [widget, 'halt', ...[]],
  [widget, 'halt_error', ...[]],
  [widget, '.spec[input | keys[]]', ...[]],
  [widget, '.spec[inputs]', ...[]],
  [widget, '.spec[($ENV | keys | first) // "numbers"]', '/spec/numbers'],
  [widget, '.spec[env.HOME // "numbers"]', '/spec/numbers'],
  [widget, '.spec[input_filename]', ...[]],
  [widget, '.spec.numbers | debug', '/spec/numbers'],
  [widget, '.spec["numbers" | @text]', '/spec/numbers'],
];

const field = 'spec.ignoreDifferences[0].jqPathExpressions[0]';

describe('a jq path expression', () => {
  const rows = ROWS.map(([object, expression, ...gone]) => ({ object, expression, gone, count: gone.length }));
  it.each(rows)('$expression takes $count fields of a $object.kind away', async ({ object, expression, gone }) => {
    const expected = gone.reduce<unknown>(withoutPointer, object);
    expect(gone.length === 0 || JSON.stringify(expected) !== JSON.stringify(object)).toBe(true);
    expect(await scripts.without([{ object, expressions: [{ field, expression }] }])).toEqual([expected]);
  });

  it.each([
    ['.spec.[', /^spec\.ignoreDifferences\[0\]\.jqPathExpressions\[0\]: "\.spec\.\[" is no jq path expression: syntax error, unexpected/],
    ['', /is no jq path expression/],
    ['.spec.replicas) # hidden', /^$/],
    ['.a)] | [del(.b', /is no jq path expression: syntax error/],
    ['.metadata.labels.helm.sh/chart', /is no jq path expression: (sh|chart)\/0 is not defined/],
    ['.spec.x[] | nosuchfunction', /is no jq path expression: nosuchfunction\/0 is not defined/],
    ['$before', /is no jq path expression: \$before is not defined/],
    ['import "a" as $a; .', /is no jq path expression/],
    ['.spec["x]', /is no jq path expression/],
    ['.spec.{', /is no jq path expression/],
  ])('%j is refused with its field, or does no harm', async (expression, why) => {
    const answer = await scripts.without([{ object: widget, expressions: [{ field, expression }] }]).catch((thrown: unknown) => thrown);
    if (String(why) === '/^$/') expect(answer).toEqual([widget]);
    else {
      expect(answer).toBeInstanceOf(InvalidInput);
      expect(String(answer instanceof Error && answer.message)).toMatch(why);
    }
  });

  test('comes after the one before it, and one that fails leaves the others be', async () => {
    const expressions = ['.spec.numbers[0]', '.spec.numbers | error', '.spec.numbers[0]', 'halt', '.spec.rules'];
    const edit = { object: widget, expressions: expressions.map((expression) => ({ field, expression })) };
    const expected = ['/spec/numbers/0', '/spec/numbers/0', '/spec/rules'].reduce<unknown>(withoutPointer, widget);
    expect(await scripts.without([edit])).toEqual([expected]);
  });

  test('works on each object by itself, in order, whatever goes with it', async () => {
    const rows = ROWS.filter(([, expression]) => !expression.startsWith('halt'));
    const edits = rows.map(([object, expression]) => ({ object, expressions: [{ field, expression }] }));
    const same = rows.map(([object]) => ({ object, expressions: [{ field, expression: '.metadata.name' }] }));
    const expected = [
      ...rows.map(([object, , ...gone]) => gone.reduce<unknown>(withoutPointer, object)),
      ...rows.map(([object]) => withoutPointer(object, '/metadata/name')),
    ];
    expect(await scripts.without([...edits, ...same, { object: widget, expressions: [] }])).toEqual([...expected, widget]);
  });
});
