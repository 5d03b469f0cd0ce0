// A cipher whose keys AWS KMS makes and keeps: each container asks for a data key, which travels with what it closed, itself closed by KMS
// (envelope encryption). The only file that knows @aws-sdk/client-kms; loaded where something is pruned or restored.
import { DecryptCommand, GenerateDataKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import { InvalidInput, messageOf, NotPermitted, Unavailable } from '../model/errors.ts';
import { isRecord } from '../model/manifest.ts';
import { type Cipher, closeWith, openWith } from './cipher.ts';
import { kept } from './remembered.ts';

export interface KmsOptions {
  readonly keyId: string;
  /** Another service that speaks KMS's protocol. */
  readonly endpoint: string | undefined;
}

/** KMS binds each data key to this, and shows it in its log. */
const CONTEXT = { purpose: 'evenkeel pruned objects' };
const LENGTH_BYTES = 2;
const TIMEOUT_MS = 5_000;

interface DataKey {
  readonly plain: Buffer;
  /** As KMS closed it. */
  readonly sealed: Buffer;
}

/** Throws NotPermitted where KMS refuses the function's role, InvalidInput for a key that cannot be used, Unavailable when KMS does not answer. */
export function createKmsCipher({ keyId, endpoint }: KmsOptions): Cipher {
  const client = new KMSClient({ maxAttempts: 3, ...(endpoint !== undefined && { endpoint }) });
  const dataKey = kept(() => generated(client, keyId));
  return {
    close: async (name, text) => {
      const { plain, sealed } = await dataKey();
      const length = Buffer.alloc(LENGTH_BYTES);
      length.writeUInt16BE(sealed.length);
      return Buffer.concat([length, sealed, await closeWith(plain, name, text)]);
    },
    open: async (name, bytes) => {
      const end = LENGTH_BYTES + (bytes.length >= LENGTH_BYTES ? bytes.readUInt16BE(0) : 0);
      const plain = await decrypted(client, keyId, bytes.subarray(LENGTH_BYTES, end));
      return openWith(plain, name, bytes.subarray(end));
    },
  };
}

async function generated(client: KMSClient, keyId: string): Promise<DataKey> {
  const command = new GenerateDataKeyCommand({ KeyId: keyId, KeySpec: 'AES_256', EncryptionContext: CONTEXT });
  const { Plaintext, CiphertextBlob } = await asked(keyId, (abortSignal) => client.send(command, { abortSignal }));
  if (!Plaintext || !CiphertextBlob) throw new Unavailable(`key ${keyId}: KMS answers without a data key`);
  return { plain: Buffer.from(Plaintext), sealed: Buffer.from(CiphertextBlob) };
}

async function decrypted(client: KMSClient, keyId: string, sealed: Buffer): Promise<Buffer> {
  const command = new DecryptCommand({ KeyId: keyId, CiphertextBlob: sealed, EncryptionContext: CONTEXT });
  const { Plaintext } = await asked(keyId, (abortSignal) => client.send(command, { abortSignal }));
  if (!Plaintext) throw new Unavailable(`key ${keyId}: KMS answers without a key`);
  return Buffer.from(Plaintext);
}

const PASSING = ['ThrottlingException', 'LimitExceededException', 'DependencyTimeoutException'];

async function asked<T>(keyId: string, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  try {
    return await work(AbortSignal.timeout(TIMEOUT_MS));
  } catch (cause) {
    const metadata = isRecord(cause) ? cause['$metadata'] : undefined;
    const status = isRecord(metadata) ? metadata['httpStatusCode'] : undefined;
    const reason = messageOf(cause);
    if (cause instanceof Error && cause.name === 'AccessDeniedException')
      throw new NotPermitted(`key ${keyId}: KMS refuses the function's role: ${reason}`, { cause });
    // Throttling comes as 400 (AWS KMS, "Request quotas").
    const passes = cause instanceof Error && PASSING.includes(cause.name);
    if (!passes && typeof status === 'number' && status >= 400 && status < 500 && status !== 429)
      throw new InvalidInput(`key ${keyId} cannot be used: ${reason}`, { cause });
    throw new Unavailable(`key ${keyId}: KMS does not answer: ${reason}`, { cause });
  }
}
