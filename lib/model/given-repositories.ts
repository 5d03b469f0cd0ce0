// Folders that stand for repositories: how somebody says so, which folder stands for which URL, and what to say of one that is missing.
import { InvalidInput } from './errors.ts';
import { sameGitUrl, withoutUserinfo } from './git-url.ts';

export interface GivenRepository {
  readonly url: string;
  readonly dir: string;
  /** A commit, tag or branch of the Git repository in `dir`; its files as they are now unless given. */
  readonly revision?: string | undefined;
}

/** Reads `URL=DIR`, at the last `=`. Throws InvalidInput for another form, and for a URL that has a folder already. */
export function givenRepositories(texts: readonly string[]): readonly GivenRepository[] {
  const given: GivenRepository[] = [];
  for (const text of texts) {
    const [, url, dir] = /^(.+)=([^=]+)$/s.exec(text) ?? [];
    if (url === undefined || dir === undefined) throw new InvalidInput(`--repo ${withoutUserinfo(text)}: expected URL=DIR`);
    if (givenFor(given, url) !== undefined) throw new InvalidInput(`--repo ${withoutUserinfo(url)} is given twice`);
    given.push({ url, dir });
  }
  return given;
}

/** The folder that stands for a repository. A user name and password in either URL do not count. */
export function givenFor(given: readonly GivenRepository[], repoURL: string): GivenRepository | undefined {
  return given.find(({ url }) => sameGitUrl(url, repoURL) || sameGitUrl(withoutUserinfo(url), withoutUserinfo(repoURL)));
}

/** The repositories, each once and without user name and password, that no folder stands for. */
export function missingRepositories(given: readonly GivenRepository[], repoURLs: readonly string[]): readonly string[] {
  return [...new Set(repoURLs.filter((url) => givenFor(given, url) === undefined).map(withoutUserinfo))];
}

/** What to say when folders are missing: the flags that give them. */
export function missingText(repoURLs: readonly string[]): string {
  const urls = repoURLs.map(withoutUserinfo);
  return `no folder is given for ${urls.join(', ')}: add ${urls.map((url) => `--repo ${url}=DIR`).join(' ')}`;
}
