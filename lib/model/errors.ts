// The four kinds of failure, named by what the caller has to do about them. Anything else that is thrown is a bug.

/** Wrong in Git or in the spec: shown as a condition on the Application, not retried. */
export class InvalidInput extends Error {
  override readonly name = 'InvalidInput';
}

/** The API server read the object and found it, or its change, invalid (422): as a new object it may be good. */
export class Unprocessable extends InvalidInput {}

/** More than the API server keeps in one object. */
export class TooLarge extends InvalidInput {}

/** Refused by a project, by RBAC or by a signature: shown and logged, not retried. */
export class NotPermitted extends Error {
  override readonly name = 'NotPermitted';
}

/** Somebody else wrote first: read again and decide again, at once. */
export class Conflict extends Error {
  override readonly name = 'Conflict';
}

/** Not answering, throttled or timed out: come back later, after `retryAfterSeconds` when the other side named a time. */
export class Unavailable extends Error {
  override readonly name = 'Unavailable';
  readonly retryAfterSeconds: number | undefined;

  constructor(message: string, options?: ErrorOptions & { readonly retryAfterSeconds?: number }) {
    super(message, options);
    this.retryAfterSeconds = options?.retryAfterSeconds;
  }
}

/** The text of anything that was thrown, without a stack. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
