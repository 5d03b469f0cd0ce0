// How a command ends when it does not end well: the exit codes of Argo CD's command line (spec/cli.md §1).

/** Usage errors, a sync that did not succeed, differences found. */
export const EXIT_FAILED = 1;
/** Everything else that goes wrong. */
export const EXIT_ERROR = 20;

/** Somebody pressed Ctrl-C: 128 and the number of the signal, as shells have it. */
export const EXIT_INTERRUPTED = 130;

/** Ends the command with a code; `main.ts` alone turns it into one. An empty message prints nothing. */
export class Exit extends Error {
  override readonly name = 'Exit';
  readonly code: number;

  constructor(code: number, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
