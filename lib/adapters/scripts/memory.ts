// How much memory the WebAssembly modules of this thread may take. Those of both interpreters would grow to two gigabytes.

type Imports = Readonly<Record<string, Readonly<Record<string, unknown>>>>;
type Instantiate = (code: Uint8Array, imports: Imports) => Promise<unknown>;

/** Holds for every module that is started from now on; one that asks for more is told that there is none. */
export function limitMemory(maxBytes: number): void {
  const assembly: { instantiate: Instantiate } = Reflect.get(globalThis, 'WebAssembly');
  const { instantiate } = assembly;
  assembly.instantiate = async (code, imports) => {
    const grow = imports['env']?.['emscripten_resize_heap'];
    if (typeof grow !== 'function') throw new TypeError('this module does not ask for memory as it should');
    const bounded = (bytes: number) => (bytes >>> 0 > maxBytes ? 0 : Reflect.apply(grow, undefined, [bytes]));
    return instantiate(code, { ...imports, env: { ...imports['env'], emscripten_resize_heap: bounded } });
  };
}
