// The token that EKS takes for an AWS identity: a presigned STS GetCallerIdentity (spec/credentials.md §6; AWS Signature Version 4, query form).
import { createHash, createHmac } from 'node:crypto';

/** The function's own AWS identity and region. */
export interface AwsIdentity {
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
}

const EXPIRES_SECONDS = '60';
const SIGNED_HEADERS = 'host;x-k8s-aws-id';

/** `clusterName` is the EKS cluster's name. Nobody is asked; EKS takes the token for about 15 minutes after `now` (ms). */
export function eksToken(aws: AwsIdentity, clusterName: string, now: number): string {
  return `k8s-aws-v1.${Buffer.from(presignedUrl(aws, clusterName, now)).toString('base64url')}`;
}

function presignedUrl(aws: AwsIdentity, clusterName: string, now: number): string {
  const host = `sts.${aws.region}.amazonaws.com${aws.region.startsWith('cn-') ? '.cn' : ''}`;
  const time = new Date(now).toISOString().replace(/[-:]|\.\d{3}/g, '');
  const scope = `${time.slice(0, 8)}/${aws.region}/sts/aws4_request`;
  const query = canonicalQuery({
    Action: 'GetCallerIdentity',
    Version: '2011-06-15',
    'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
    'X-Amz-Credential': `${aws.accessKeyId}/${scope}`,
    'X-Amz-Date': time,
    'X-Amz-Expires': EXPIRES_SECONDS,
    'X-Amz-SignedHeaders': SIGNED_HEADERS,
    ...(aws.sessionToken === undefined ? {} : { 'X-Amz-Security-Token': aws.sessionToken }),
  });
  const request = ['GET', '/', query, `host:${host}`, `x-k8s-aws-id:${clusterName}`, '', SIGNED_HEADERS, sha256('')].join('\n');
  const signature = hmac(signingKey(aws, scope), ['AWS4-HMAC-SHA256', time, scope, sha256(request)].join('\n')).toString('hex');
  return `https://${host}/?${query}&X-Amz-Signature=${signature}`;
}

function canonicalQuery(parameters: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(parameters).map(([name, value]) => `${escaped(name)}=${escaped(value)}`);
  return pairs.sort().join('&');
}

function signingKey(aws: AwsIdentity, scope: string): Buffer {
  return scope.split('/').reduce<Buffer>((key, part) => hmac(key, part), Buffer.from(`AWS4${aws.secretAccessKey}`));
}

/** RFC 3986, which signs more characters than encodeURIComponent escapes. */
function escaped(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
