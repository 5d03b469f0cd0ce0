// The part of jq-web that is used; it brings no types.
declare module 'jq-web' {
  interface Jq {
    /** What the program prints. Throws an Error with `exitCode` and `stderr` when it ends with another code than 0. */
    raw(input: string, program: string, flags: readonly string[]): string | undefined;
  }
  const started: Promise<Jq>;
  export default started;
}
