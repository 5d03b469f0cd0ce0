// How a repository is reached: what its Secret, a credential template and the trust stores say of it (spec/credentials.md §3, §4, §7).

/** A secret that proves who asks. `none`: anonymous. GitHub Apps come as `basic`, with an installation token as password. */
export type Credential =
  | { readonly kind: 'none' }
  | { readonly kind: 'basic'; readonly username: string; readonly password: string }
  | { readonly kind: 'bearer'; readonly token: string }
  | { readonly kind: 'ssh'; readonly privateKey: string };

/** Everything that a fetch needs to know. Holds secrets: it goes into no log, message, argument or environment. */
export interface RepositoryAccess {
  readonly url: string;
  readonly type: 'git' | 'helm' | 'oci';
  /** The name that `@name` and `alias:name` of a chart's dependencies refer to. */
  readonly name: string;
  readonly credential: Credential;
  /** PEM. */
  readonly clientCertificate: { readonly cert: string; readonly key: string } | undefined;
  /** PEM bundle that replaces the system's for the repository's host. */
  readonly ca: string | undefined;
  /** OpenSSH known_hosts text. */
  readonly knownHosts: string;
  /** Neither certificate nor host key is checked. */
  readonly insecure: boolean;
  /** Send Basic without waiting for a challenge. */
  readonly forceBasic: boolean;
  /** URL; undefined where `noProxy` covers the host. */
  readonly proxy: string | undefined;
  readonly enableOCI: boolean;
  readonly plainHttp: boolean;
  /** Tells one access from another without telling what it is: part of the names of caches. */
  readonly identity: string;
}
