// Which needs of a program the Lambda runtime meets: its own C library, up to the version that it has. Pure.
import type { Elf } from './elf.ts';

/** Amazon Linux 2023, on which nodejs24.x runs ("Lambda runtimes"; AL2023 package list: glibc 2.34). */
const RUNTIME_GLIBC = { major: 2, minor: 34 };
/** What starts a program that is linked with glibc on x86-64, the runtime's own ones among them. */
export const GLIBC_LOADER = '/lib64/ld-linux-x86-64.so.2';
const GLIBC_LIBRARIES =
  /^(ld-linux-x86-64\.so\.2|lib(c|m|resolv|anl)\.so\.\d+|lib(pthread|rt|dl|util|BrokenLocale|thread_db|nss_\w+|mvec)\.so\.\d+)$/;

/** Libraries that are taken from the runtime: parts of one C library fit only each other. */
export function isRuntimeLibrary(name: string): boolean {
  return GLIBC_LIBRARIES.test(name);
}

/** Why a file cannot run on the runtime, one sentence each; none when it can. */
export function runtimeFaults(name: string, { interpreter, versions }: Elf): readonly string[] {
  const foreign = interpreter !== undefined && interpreter !== GLIBC_LOADER;
  const loader = foreign ? [`${name} is started by ${interpreter}, and the runtime has ${GLIBC_LOADER}`] : [];
  const wanted = new Set(versions.filter(({ library }) => isRuntimeLibrary(library)).map(({ version }) => version));
  const { major, minor } = RUNTIME_GLIBC;
  const missing = [...wanted].filter((version) => !hasVersion(version)).sort();
  return [...loader, ...missing.map((version) => `${name} needs ${version}, and the runtime has glibc ${major}.${minor}`)];
}

/** Versions without a number (GLIBC_PRIVATE, GLIBC_ABI_DT_RELR) belong to one build of glibc, or to later ones. */
function hasVersion(version: string): boolean {
  const [, major, minor] = /^GLIBC_(\d+)\.(\d+)(?:\.\d+)?$/.exec(version) ?? [];
  if (major === undefined || minor === undefined) return false;
  return Number(major) < RUNTIME_GLIBC.major || (Number(major) === RUNTIME_GLIBC.major && Number(minor) <= RUNTIME_GLIBC.minor);
}
