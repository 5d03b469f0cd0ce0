// Sealed renders in a bucket, below one prefix, an object each. Loaded only where a bucket is set, since its SDK is most of a cold start.
// The only file that knows @aws-sdk/client-s3.
import { GetObjectCommand, type GetObjectCommandOutput, ListObjectsV2Command, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { InvalidInput, messageOf, NotPermitted, Unavailable } from '../model/errors.ts';
import { isRecord } from '../model/manifest.ts';
import type { PrunedShelf } from './pruned-objects.ts';
import type { Shelf, Shelved } from './render-store.ts';
import { MAX_SEALED_BYTES } from './seal.ts';

export interface BucketOptions {
  readonly bucket: string;
  /** Another service that speaks S3, with the bucket in the path of its URLs. */
  readonly endpoint: string | undefined;
}

/** All that the function's role may read and write (serverless.yml). */
const PREFIX = 'renders/';
const PRUNED_PREFIX = 'pruned/';
/** The lifecycle rule of the bucket removes what was written so long ago (serverless.yml). */
export const EXPIRES_AFTER_DAYS = 30;
/** For one object, a second attempt included; to render costs less than to wait longer. */
const TIMEOUT_MS = 3_000;
const MAX_ATTEMPTS = 2;

/** Throws NotPermitted and InvalidInput for a bucket that is set up wrongly, Unavailable for one that does not answer in time. */
export function createBucketShelf({ bucket, endpoint }: BucketOptions): Shelf {
  const client = clientOf(endpoint);
  const at = (name: string) => ({ Bucket: bucket, Key: `${PREFIX}${name}` });
  return {
    place: `s3://${bucket}/${PREFIX}`,
    renewAfterMs: (EXPIRES_AFTER_DAYS * 86_400_000) / 2,
    get: (name) =>
      inTime(bucket, async (abortSignal) => {
        const found = await client.send(new GetObjectCommand(at(name)), { abortSignal }).catch(nothingFound);
        return found && shelved(found, bucket);
      }),
    put: (name, bytes) =>
      inTime(bucket, async (abortSignal) => {
        await client.send(new PutObjectCommand({ ...at(name), Body: bytes }), { abortSignal });
      }),
  };
}

/** Pruned objects in the same bucket; its lifecycle rule removes them. Throws as the shelf of renders does. */
export function createPrunedBucket({ bucket, endpoint }: BucketOptions): PrunedShelf {
  const client = clientOf(endpoint);
  const at = (name: string) => ({ Bucket: bucket, Key: `${PRUNED_PREFIX}${name}` });
  return {
    place: `s3://${bucket}/${PRUNED_PREFIX}`,
    get: (name) =>
      inTime(bucket, async (abortSignal) => {
        const found = await client.send(new GetObjectCommand(at(name)), { abortSignal }).catch(nothingFound);
        return found && (await shelved(found, bucket)).bytes;
      }),
    put: (name, bytes) =>
      inTime(bucket, async (abortSignal) => {
        await client.send(new PutObjectCommand({ ...at(name), Body: bytes }), { abortSignal });
      }),
    list: async (compartment) => {
      const found: { name: string; writtenAt: number }[] = [];
      let token: string | undefined;
      do {
        const page = {
          Bucket: bucket,
          Prefix: `${PRUNED_PREFIX}${compartment}/`,
          ...(token !== undefined && { ContinuationToken: token }),
        };
        const { Contents = [], NextContinuationToken } = await inTime(bucket, (abortSignal) =>
          client.send(new ListObjectsV2Command(page), { abortSignal }),
        );
        for (const { Key = '', LastModified } of Contents)
          found.push({ name: Key.slice(PRUNED_PREFIX.length), writtenAt: LastModified?.getTime() ?? 0 });
        token = NextContinuationToken;
      } while (token !== undefined);
      return found;
    },
  };
}

function clientOf(endpoint: string | undefined): S3Client {
  return new S3Client({
    maxAttempts: MAX_ATTEMPTS,
    // Every object carries its own code, which is checked.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    ...(endpoint !== undefined && { endpoint, forcePathStyle: true }),
  });
}

async function inTime<T>(bucket: string, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  try {
    return await work(signal);
  } catch (cause) {
    if (signal.aborted) throw new Unavailable(`bucket ${bucket} does not answer within ${TIMEOUT_MS} ms`, { cause: signal.reason });
    throw failure(bucket, cause);
  }
}

function nothingFound(thrown: unknown): undefined {
  if (thrown instanceof Error && thrown.name === 'NoSuchKey') return undefined;
  throw thrown;
}

async function shelved({ Body, ContentLength, LastModified }: GetObjectCommandOutput, bucket: string): Promise<Shelved> {
  const bytes = (ContentLength ?? 0) > MAX_SEALED_BYTES ? undefined : await Body?.transformToByteArray();
  if (bytes === undefined) throw new InvalidInput(`bucket ${bucket} holds objects that are none of ours: remove what is below ${PREFIX}`);
  return { bytes: Buffer.from(bytes), writtenAt: LastModified?.getTime() ?? 0 };
}

/** Of what S3 answers with, only 5xx and throttling pass by themselves; a failure without a status never reached it. */
function failure(bucket: string, cause: unknown): Error {
  if (cause instanceof InvalidInput) return cause;
  const metadata = isRecord(cause) ? cause['$metadata'] : undefined;
  const status = isRecord(metadata) ? metadata['httpStatusCode'] : undefined;
  const reason = messageOf(cause);
  if (status === 401 || status === 403) return new NotPermitted(`bucket ${bucket} refuses the function's role: ${reason}`, { cause });
  if (typeof status === 'number' && status < 500 && status !== 429)
    return new InvalidInput(`bucket ${bucket} cannot be used: ${reason}`, { cause });
  return new Unavailable(`bucket ${bucket} does not answer: ${reason}`, { cause });
}
