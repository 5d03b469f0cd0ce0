// Program: what Lambda's Node runtime is to a function. Loads one bundle, answers one invocation at a time over the parent's channel,
// and goes with everything it started when the parent is gone.
import { pathToFileURL } from 'node:url';

export interface Invocation {
  readonly requestId: string;
  readonly event: unknown;
  /** When the function will be killed, milliseconds since the epoch. */
  readonly deadline: number;
}

/** How a function failed, in the form that Lambda reports it. */
export interface FunctionError {
  readonly errorType: string;
  readonly errorMessage: string;
  readonly stackTrace: readonly string[];
}

export type RuntimeMessage =
  | { readonly kind: 'ready'; readonly importMs: number }
  | { readonly kind: 'broken'; readonly error: FunctionError }
  | { readonly kind: 'result'; readonly requestId: string; readonly result?: unknown }
  | { readonly kind: 'error'; readonly requestId: string; readonly error: FunctionError };

type Handler = (event: unknown, context: object) => unknown;

function errorOf(thrown: unknown): FunctionError {
  if (!(thrown instanceof Error)) return { errorType: typeof thrown, errorMessage: String(thrown), stackTrace: [] };
  return { errorType: thrown.name, errorMessage: thrown.message, stackTrace: (thrown.stack ?? '').split('\n') };
}

function tell(message: RuntimeMessage): void {
  if (process.connected) process.send?.(message);
}

function contextOf({ requestId, deadline }: Invocation): object {
  const name = process.env['AWS_LAMBDA_FUNCTION_NAME'] ?? '';
  return {
    awsRequestId: requestId,
    functionName: name,
    functionVersion: '$LATEST',
    invokedFunctionArn: `arn:aws:lambda:${process.env['AWS_REGION']}:000000000000:function:${name}`,
    memoryLimitInMB: process.env['AWS_LAMBDA_FUNCTION_MEMORY_SIZE'] ?? '',
    logGroupName: process.env['AWS_LAMBDA_LOG_GROUP_NAME'] ?? '',
    logStreamName: process.env['AWS_LAMBDA_LOG_STREAM_NAME'] ?? '',
    callbackWaitsForEmptyEventLoop: true,
    getRemainingTimeInMillis: () => Math.max(0, deadline - Date.now()),
  };
}

async function load(file: string, name: string): Promise<Handler> {
  const loaded: unknown = Reflect.get(await import(pathToFileURL(file).href), name);
  if (typeof loaded !== 'function') throw new TypeError(`${file} exports no function ${name}`);
  return (event, context) => loaded(event, context);
}

async function invoke(handler: Handler, invocation: Invocation): Promise<void> {
  const { requestId } = invocation;
  try {
    tell({ kind: 'result', requestId, result: await handler(invocation.event, contextOf(invocation)) });
  } catch (thrown) {
    tell({ kind: 'error', requestId, error: errorOf(thrown) });
  }
}

async function main([file = '', name = '']: readonly string[]): Promise<void> {
  // The parent made this process the leader of its group: the tools that it runs go with it.
  process.on('disconnect', () => process.kill(0, 'SIGKILL'));
  const started = performance.now();
  const handler = await load(file, name);
  process.on('message', (message: Invocation) => void invoke(handler, message));
  tell({ kind: 'ready', importMs: performance.now() - started });
}

main(process.argv.slice(2)).catch((thrown: unknown) => {
  tell({ kind: 'broken', error: errorOf(thrown) });
  process.exitCode = 1;
  process.disconnect?.();
});
