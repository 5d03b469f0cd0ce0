// Every case: Secrets (as people write them, with stringData), trust stores, and who asks for which URL or name.
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { messageOf } from '../../../lib/model/errors.ts';
import type { LiveObject } from '../../../lib/model/manifest.ts';
import { namedRepository, repositoryAccess } from '../../../lib/model/repository-lookup.ts';
import { readRepositorySecret } from '../../../lib/model/repository-secret.ts';
import { casesOf } from '../../support/cases.ts';

const secret = z.object({
  name: z.string(),
  type: z.string().default('repository'),
  stringData: z.record(z.string(), z.string()),
});
const trust = z.object({ knownHosts: z.string().default(''), certificates: z.record(z.string(), z.string()).default({}) });
const question = z.object({ url: z.string().optional(), name: z.string().optional(), project: z.string().default('shop') });

/** What the API server returns for a Secret. */
function served({ name, type, stringData }: z.infer<typeof secret>): LiveObject {
  const data = Object.fromEntries(Object.entries(stringData).map(([key, text]) => [key, Buffer.from(text).toString('base64')]));
  const labels = { 'argocd.argoproj.io/secret-type': type };
  return { apiVersion: 'v1', kind: 'Secret', metadata: { namespace: 'argocd', name, uid: name, resourceVersion: '1', labels }, data };
}

function answered<T>(ask: () => T): unknown {
  try {
    return ask() ?? 'nothing';
  } catch (error) {
    return { error: messageOf(error) };
  }
}

/** Without what is empty or false, so that a case shows what it is about. */
function telling(answer: unknown): unknown {
  if (typeof answer !== 'object' || answer === null) return answer;
  const { identity, ...rest } = answer as Readonly<Record<string, unknown>>; // an access or an error, both records
  const shown = Object.entries(rest).filter(([, value]) => value !== '' && value !== false && value !== undefined);
  return { ...Object.fromEntries(shown), ...(identity === 'anonymous' ? { identity } : {}) };
}

describe('the access to a repository', () => {
  it.each(casesOf('credentials'))('$name', (golden) => {
    const secrets = golden.readAll('secrets.yaml').map((document) => readRepositorySecret(served(secret.parse(document))));
    const known = secrets.filter((read) => read !== undefined);
    const stores = trust.parse(golden.read('trust.yaml') ?? {});
    const answers = z
      .array(question)
      .parse(golden.read('asked.yaml'))
      .map(({ url, name, project }) => {
        if (name !== undefined) return telling(answered(() => namedRepository(known, stores, name, project)));
        return telling(answered(() => repositoryAccess(known, stores, url ?? '', project)));
      });
    golden.check(answers);
  });
});

describe('the identity of an access', () => {
  const identity = (stringData: Record<string, string>, url = 'https://git.example/shop', project = 'shop', name = 'a') => {
    const read = readRepositorySecret(served({ name, type: 'repository', stringData: { url: 'https://git.example/shop', ...stringData } }));
    return repositoryAccess(read ? [read] : [], { knownHosts: '', certificates: {} }, url, project).identity;
  };

  it('differs by Secret and by what the URL itself says, and is the same for all who use one Secret', () => {
    expect(identity({ password: 'x' })).toBe(identity({ password: 'x' }, undefined, 'another'));
    const others = [
      identity({ password: 'x' }),
      identity({ password: 'x' }, undefined, 'shop', 'b'),
      identity({ password: 'x', project: 'another' }),
      identity({}, 'https://robot:one@git.example/other'),
      identity({}, 'https://robot:two@git.example/other'),
    ];
    expect(new Set(others).size).toBe(others.length);
  });

  it('says nothing of the password', () => {
    expect(identity({ password: 'one' })).toBe(identity({ password: 'two' }));
  });
});
