// Which programs the command line renders with.
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { withBuilt } from '../../../lib/cli/programs.ts';

const NAMES = { git: 'git', ssh: 'ssh', kubectl: 'kubectl', helm: 'helm', kustomize: undefined, renderer: undefined };

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'evenkeel-programs-'));
});
afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

const folders = () => ({ layer: join(root, 'layer'), renderer: join(root, 'renderer') });

function place(path: string, age = 0): string {
  const absolute = join(root, path);
  mkdirSync(dirname(absolute), { recursive: true });
  writeFileSync(absolute, '');
  utimesSync(absolute, 1_000_000 - age, 1_000_000 - age);
  return absolute;
}

describe('the programs that the command line renders with', () => {
  it('are those that were named while nothing was unpacked or built', () => {
    expect(withBuilt(NAMES, folders(), '/nowhere')).toEqual(NAMES);
  });

  it('are taken from the cache where PATH has none', () => {
    const [kubectl, helm, renderer] = ['layer/0a/kubectl', 'layer/0a/helm', 'renderer/0b/renderer'].map((path) => place(path));
    expect(withBuilt(NAMES, folders(), '/nowhere')).toEqual({ ...NAMES, kubectl, helm, renderer });
  });

  it('stay what PATH knows', () => {
    place('layer/0a/helm');
    place('bin/helm');
    expect(withBuilt(NAMES, folders(), `/nowhere:${join(root, 'bin')}`).helm).toBe('helm');
  });

  it('include the renderer that was built last, and none that is only half built', () => {
    place('renderer/0a/renderer', 20);
    const last = place('renderer/ff/renderer', 10);
    place('renderer/0c.unfinished/renderer');
    place('renderer/lock');
    expect(withBuilt(NAMES, folders(), '').renderer).toBe(last);
  });

  it('include the renderer that was named before any other', () => {
    place('renderer/0a/renderer');
    expect(withBuilt({ ...NAMES, renderer: '/my/renderer' }, folders(), '').renderer).toBe('/my/renderer');
  });
});
