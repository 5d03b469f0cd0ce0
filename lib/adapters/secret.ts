// Secrets of AWS Secrets Manager. The SDK is loaded when one is asked for: most runs read theirs from a file.
import { messageOf, Unavailable } from '../model/errors.ts';

/** The text of a secret by its ARN. Throws Unavailable when it cannot be read or holds no text. */
export async function readSecret(arn: string): Promise<string> {
  const { SecretsManagerClient, GetSecretValueCommand } = await import('@aws-sdk/client-secrets-manager');
  const client = new SecretsManagerClient({ maxAttempts: 3 });
  try {
    const { SecretString } = await client.send(new GetSecretValueCommand({ SecretId: arn }));
    if (!SecretString) throw new Unavailable(`secret ${arn} holds no text: store the kubeconfig as a plaintext secret`);
    return SecretString;
  } catch (cause) {
    if (cause instanceof Unavailable) throw cause;
    throw new Unavailable(`secret ${arn} cannot be read: ${messageOf(cause)}`, { cause });
  } finally {
    client.destroy();
  }
}
