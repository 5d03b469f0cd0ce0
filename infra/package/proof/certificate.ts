// A certificate for 127.0.0.1 that vouches for itself, so that https can be tried without a network (RFC 5280, in DER: X.690).
import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';

export interface Certificate {
  /** PEM. */
  readonly key: string;
  readonly cert: string;
}

const DAY = 24 * 60 * 60 * 1000;
const TAG = { boolean: 0x01, integer: 0x02, bits: 0x03, octets: 0x04, id: 0x06, utf8: 0x0c, time: 0x17, sequence: 0x30, set: 0x31 };
const VERSION_3 = Buffer.from([0xa0, 0x03, TAG.integer, 0x01, 2]);
const ECDSA_WITH_SHA256 = '2a8648ce3d040302';
const COMMON_NAME = '550403';
const SUBJECT_ALT_NAME = '551d11';
const BASIC_CONSTRAINTS = '551d13';
/** Context tag 7, iPAddress. */
const LOOPBACK = Buffer.from([0x87, 4, 127, 0, 0, 1]);

/** Makes a new key and a certificate for it that is good for a day. */
export function loopbackCertificate(now: number): Certificate {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const algorithm = sequence(id(ECDSA_WITH_SHA256));
  const name = sequence(der(TAG.set, sequence(id(COMMON_NAME), der(TAG.utf8, Buffer.from('127.0.0.1')))));
  const body = sequence(
    VERSION_3,
    der(TAG.integer, Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    algorithm,
    name,
    sequence(time(now - DAY), time(now + DAY)),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(extension(SUBJECT_ALT_NAME, sequence(LOOPBACK)), extension(BASIC_CONSTRAINTS, authority()))),
  );
  const signature = der(TAG.bits, Buffer.concat([Buffer.from([0]), sign('sha256', body, privateKey)]));
  const base64 = sequence(body, algorithm, signature)
    .toString('base64')
    .replace(/.{1,64}/g, '$&\n');
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    cert: `-----BEGIN CERTIFICATE-----\n${base64}-----END CERTIFICATE-----\n`,
  };
}

function authority(): Buffer {
  return sequence(der(TAG.boolean, Buffer.from([0xff])));
}

function extension(name: string, content: Buffer): Buffer {
  return sequence(id(name), der(TAG.octets, content));
}

function id(hex: string): Buffer {
  return der(TAG.id, Buffer.from(hex, 'hex'));
}

/** UTCTime: two digits of the year. */
function time(at: number): Buffer {
  const digits = new Date(at).toISOString().replace(/\.\d+/, '').replace(/[-:T]/g, '').slice(2);
  return der(TAG.time, Buffer.from(digits));
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return der(TAG.sequence, Buffer.concat(parts));
}

function der(tag: number, content: Buffer): Buffer {
  return Buffer.concat([Buffer.from([tag]), lengthOf(content.length), content]);
}

/** In as few bytes as it takes (X.690 §10.1); Go reads no others. */
function lengthOf(length: number): Buffer {
  if (length < 128) return Buffer.from([length]);
  return length < 256 ? Buffer.from([0x81, length]) : Buffer.from([0x82, length >> 8, length & 0xff]);
}
