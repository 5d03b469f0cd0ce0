// Certificates for tests: an authority of the test's own, and what it issues for this machine (RFC 5280, in DER by hand).
import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';

export interface Issued {
  /** PEM. */
  readonly cert: string;
  readonly key: string;
}

export interface Authority {
  readonly ca: string;
  /** For `127.0.0.1` and `localhost`, as server or client. */
  issue(name: string): Issued;
}

const DAY_MS = 24 * 3600_000;
const ECDSA_SHA256 = [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02];
const COMMON_NAME = [0x55, 0x04, 0x03];
const BASIC_CONSTRAINTS = [0x55, 0x1d, 0x13];
const ALTERNATIVE_NAME = [0x55, 0x1d, 0x11];

export function createAuthority(name: string): Authority {
  const own = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const ca = certificate({ issuer: name, subject: name, publicKey: own.publicKey, signer: own.privateKey, authority: true });
  return {
    ca,
    issue: (subject) => {
      const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      const cert = certificate({ issuer: name, subject, publicKey: pair.publicKey, signer: own.privateKey, authority: false });
      return { cert, key: pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() };
    },
  };
}

interface Wanted {
  readonly issuer: string;
  readonly subject: string;
  readonly publicKey: KeyObject;
  readonly signer: KeyObject;
  readonly authority: boolean;
}

function certificate({ issuer, subject, publicKey, signer, authority }: Wanted): string {
  const algorithm = tagged(0x30, tagged(0x06, ECDSA_SHA256));
  const now = Date.now();
  const body = tagged(
    0x30,
    tagged(0xa0, tagged(0x02, [2])),
    tagged(0x02, [1, ...randomBytes(8)]),
    algorithm,
    named(issuer),
    tagged(0x30, time(now - DAY_MS), time(now + DAY_MS)),
    named(subject),
    publicKey.export({ type: 'spki', format: 'der' }),
    tagged(0xa3, tagged(0x30, authority ? constraints() : alternativeNames())),
  );
  const signature = sign('sha256', body, signer);
  const whole = tagged(0x30, body, algorithm, tagged(0x03, [0], signature)).toString('base64');
  return `-----BEGIN CERTIFICATE-----\n${whole.replace(/.{64}(?=.)/g, '$&\n')}\n-----END CERTIFICATE-----\n`;
}

function constraints(): Buffer {
  return tagged(0x30, tagged(0x06, BASIC_CONSTRAINTS), tagged(0x01, [0xff]), tagged(0x04, tagged(0x30, tagged(0x01, [0xff]))));
}

function alternativeNames(): Buffer {
  const names = tagged(0x30, tagged(0x87, [127, 0, 0, 1]), tagged(0x82, Buffer.from('localhost')));
  return tagged(0x30, tagged(0x06, ALTERNATIVE_NAME), tagged(0x04, names));
}

function named(text: string): Buffer {
  return tagged(0x30, tagged(0x31, tagged(0x30, tagged(0x06, COMMON_NAME), tagged(0x0c, Buffer.from(text)))));
}

function time(at: number): Buffer {
  return tagged(0x17, Buffer.from(new Date(at).toISOString().replace(/^..|[-:T]|\.\d+/g, '')));
}

function tagged(tag: number, ...parts: readonly (Uint8Array | readonly number[])[]): Buffer {
  const content = Buffer.concat(parts.map((part) => Buffer.from(part)));
  const { length } = content;
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}
