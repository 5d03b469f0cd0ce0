// What git, curl and ssh say, in the words of their several builds, and what is made of it.
import { describe, expect, it } from 'vitest';
import { gitFault } from '../../../lib/adapters/git-fault.ts';
import { DamagedClone, DiskFull } from '../../../lib/adapters/local-fault.ts';
import { InvalidInput, Unavailable } from '../../../lib/model/errors.ts';
import type { RepositoryAccess } from '../../../lib/model/repository.ts';

const HTTPS: RepositoryAccess = {
  url: 'https://git.example:8443/shop',
  type: 'git',
  name: '',
  credential: { kind: 'basic', username: 'robot', password: 'p@ss word' },
  clientCertificate: undefined,
  ca: undefined,
  knownHosts: '',
  insecure: false,
  forceBasic: false,
  proxy: 'http://way:o%2Fut@proxy.example:3128',
  enableOCI: false,
  plainHttp: false,
  identity: 'x',
};
const SSH: RepositoryAccess = { ...HTTPS, url: 'git@git.example:shop', credential: { kind: 'ssh', privateKey: 'k' }, proxy: undefined };

const fault = (said: string, access = HTTPS) => gitFault({ said, access, redirect: undefined });
const unable = (why: string) => `fatal: unable to access 'https://git.example:8443/shop/': ${why}`;

describe('a failure', () => {
  it.each([
    [unable('SSL certificate problem: unable to get local issuer certificate'), 'its certificate is not trusted'],
    [unable('SSL certificate problem: self-signed certificate in certificate chain'), 'its certificate is not trusted'],
    [unable("SSL: no alternative certificate subject name matches target host name 'git.example'"), 'its certificate is not trusted'],
    [
      unable('server certificate verification failed. CAfile: none CRLfile: none'),
      'under key git.example of ConfigMap argocd-tls-certs-cm',
    ],
    [
      unable('OpenSSL SSL_read: error:0A00045C:SSL routines::tlsv13 alert certificate required, errno 0'),
      'it may want a client certificate',
    ],
    [
      unable('could not load PEM client certificate from /tmp/evenkeel-git-x/client-cert, OpenSSL error'),
      'tlsClientCertData or tlsClientCertKey',
    ],
    [unable('error adding trust anchors from file: /tmp/evenkeel-git-x/ca'), 'holds no PEM certificate'],
    [unable('Received HTTP code 407 from proxy after CONNECT'), 'its proxy refuses the user name or password'],
    [unable('CONNECT tunnel failed, response 403'), 'its proxy does not let this through'],
    ["fatal: Authentication failed for 'https://git.example:8443/shop/'", ': access refused: '],
    ["remote: Repository not found.\nfatal: repository 'https://git.example:8443/shop/' not found", ': not found: '],
    ["fatal: couldn't find remote ref refs/heads/x", ': no such revision: '],
    [unable('The requested URL returned error: 301'), 'it redirects elsewhere, which is not followed with credentials'],
  ])('%j is for somebody to put right', (said, text) => {
    expect(fault(said)).toBeInstanceOf(InvalidInput);
    expect(fault(said).message).toContain(text);
    expect(fault(said).message).not.toContain('evenkeel-git-');
  });

  it.each([
    [unable('Could not resolve host: git.example')],
    [unable('The requested URL returned error: 503')],
    [unable('CONNECT tunnel failed, response 502')],
    ['no answer within 90 s'],
  ])('%j may pass', (said) => {
    expect(fault(said)).toBeInstanceOf(Unavailable);
  });

  it.each([
    'remote: fatal: bad object HEAD\nfatal: the remote end hung up unexpectedly',
    'fatal: remote error: packfile x.pack does not match index',
    'error: RPC failed; curl 18 transfer closed\nfatal: early EOF\nfatal: fetch-pack: invalid index-pack output',
    'fatal: pack has bad object at offset 12: inflate returned -3',
  ])('on the other side is no damage on this: %j', (said) => {
    expect(fault(said)).not.toBeInstanceOf(DamagedClone);
  });

  it('for want of room is told apart, unless it is room on the other side', () => {
    expect(fault('fatal: write error: No space left on device\nfatal: fetch-pack: invalid index-pack output')).toBeInstanceOf(DiskFull);
    expect(fault('remote: fatal: write error: No space left on device\nfatal: early EOF')).not.toBeInstanceOf(DiskFull);
  });

  it('of a file of its own is damage', () => {
    expect(fault('fatal: loose object 1 (stored in /x/objects/1) is corrupt')).toBeInstanceOf(DamagedClone);
  });

  it.each([
    [
      'ERROR: Repository not found.\nfatal: Could not read from remote repository.\n\nPlease make sure you have the correct access rights\nand the repository exists.',
      ': not found: Repository not found.',
    ],
    [
      "remote: ERROR: The project you were looking for could not be found or you don't have permission to view it.\nfatal: Could not read from remote repository.",
      ': not found: ',
    ],
    [
      'git@git.example: Permission denied (publickey,password).\nfatal: Could not read from remote repository.',
      ': access refused: git@git.example: Permission denied',
    ],
    [
      'Load key "/tmp/evenkeel-git-x/key": error in libcrypto\ngit@git.example: Permission denied (publickey).',
      'ssh cannot read its sshPrivateKey',
    ],
    [
      'No ED25519 host key is known for git.example and you have requested strict checking.\nHost key verification failed.\nfatal: Could not read from remote repository.',
      '`ssh-keyscan git.example`',
    ],
    [
      '@@@\n@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @\nOffending RSA key in /tmp/evenkeel-git-x/known_hosts:1\nHost key verification failed.',
      'if its owner confirms the new key',
    ],
  ])('of SSH, %j, is for somebody to put right', (said, text) => {
    expect(fault(said, SSH)).toBeInstanceOf(InvalidInput);
    expect(fault(said, SSH).message).toContain(text);
    expect(fault(said, SSH).message).not.toContain('evenkeel-git-');
  });

  it('of SSH that may pass is Unavailable', () => {
    expect(
      fault('ssh: connect to host git.example port 22: Connection timed out\nfatal: Could not read from remote repository.', SSH),
    ).toEqual(
      new Unavailable('repository git@git.example:shop does not answer: ssh: connect to host git.example port 22: Connection timed out'),
    );
  });

  it('says back nothing of what it was sent', () => {
    const basic = Buffer.from('robot:p@ss word').toString('base64');
    for (const secret of ['p@ss word', 'p%40ss%20word', basic, 'o%2Fut', 'o/ut']) {
      expect(fault(`fatal: you sent ${secret} and https://robot:p%40ss@git.example`).message).not.toContain(secret);
    }
  });
});
