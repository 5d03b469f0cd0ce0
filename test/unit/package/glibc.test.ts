// Which programs the runtime's C library can run.
import { expect, test } from 'vitest';
import { isRuntimeLibrary, runtimeFaults } from '../../../infra/package/layers/glibc.ts';

const elf = (versions: readonly string[], interpreter?: string, library = 'libc.so.6') => ({
  interpreter,
  needed: [],
  searchPath: [],
  versions: versions.map((version) => ({ library, version })),
});

test('what needs glibc up to 2.34 runs', () => {
  expect(runtimeFaults('git', elf(['GLIBC_2.2.5', 'GLIBC_2.9', 'GLIBC_2.34'], '/lib64/ld-linux-x86-64.so.2'))).toEqual([]);
});

test.each(['GLIBC_2.35', 'GLIBC_2.100', 'GLIBC_3.0', 'GLIBC_PRIVATE', 'GLIBC_ABI_DT_RELR'])('what needs %s does not', (version) => {
  expect(runtimeFaults('/usr/lib/libcurl.so.4', elf(['GLIBC_2.4', version]))).toEqual([
    `/usr/lib/libcurl.so.4 needs ${version}, and the runtime has glibc 2.34`,
  ]);
});

test('each version is named once, whichever parts of glibc it is needed of', () => {
  const versions = [...elf(['GLIBC_2.38', 'GLIBC_2.36']).versions, ...elf(['GLIBC_2.38'], undefined, 'libm.so.6').versions];
  expect(runtimeFaults('git', { ...elf([]), versions })).toHaveLength(2);
});

test('versions of other libraries are not the runtime’s matter, since those come along', () => {
  expect(runtimeFaults('git', elf(['CURL_GNUTLS_3', 'GLIBCXX_3.4.32'], undefined, 'libcurl-gnutls.so.4'))).toEqual([]);
});

test('what another loader starts does not run', () => {
  expect(runtimeFaults('git', elf([], '/lib/ld-musl-x86_64.so.1'))).toEqual([
    'git is started by /lib/ld-musl-x86_64.so.1, and the runtime has /lib64/ld-linux-x86-64.so.2',
  ]);
});

test('the parts of the C library are the runtime’s, and nothing else', () => {
  const runtime = ['ld-linux-x86-64.so.2', 'libc.so.6', 'libm.so.6', 'libpthread.so.0', 'libdl.so.2', 'librt.so.1', 'libresolv.so.2'];
  expect(runtime.filter(isRuntimeLibrary)).toEqual(runtime);
  expect(['librtmp.so.1', 'libcom_err.so.2', 'libmount.so.1', 'libcurl.so.4', 'libcrypto.so.3'].filter(isRuntimeLibrary)).toEqual([]);
});
