// A pair of SSH keys for somebody whom a proof or a test makes up.
import ssh2 from 'ssh2';

export interface KeyPair {
  /** In OpenSSH's own form. */
  readonly private: string;
  readonly public: string;
}

const { generateKeyPairSync, parseKey } = ssh2.utils;

/** Of ed25519. One of some 150 pairs that ssh2 makes is cut short, so that nobody can read it, ssh2 neither: that one is not given out. */
export function sshKeyPair(passphrase?: string): KeyPair {
  for (;;) {
    const pair = generateKeyPairSync('ed25519', passphrase === undefined ? {} : { passphrase, cipher: 'aes256-ctr', rounds: 1 });
    const keys = [parseKey(pair.private, passphrase), parseKey(pair.public)];
    if (keys.every((key) => !(key instanceof Error))) return pair;
  }
}
