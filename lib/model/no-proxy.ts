// Which hosts `noProxy` of a repository takes out of its proxy: a list in the form of the NO_PROXY variable (curl, Go's httpproxy).

/** `host` without brackets, lower case. Entries: `*`, a name (with what is below it), `.name` (only what is below), an address, a CIDR. */
export function bypassesProxy(noProxy: string, host: string, port: number): boolean {
  const name = host.toLowerCase().replace(/\.$/, '');
  return noProxy
    .split(',')
    .map((entry) => entry.trim().toLowerCase())
    .some((entry) => entry !== '' && covers(entry, name, port));
}

function covers(entry: string, host: string, port: number): boolean {
  if (entry === '*') return true;
  const cidr = /^([\d.]+)\/(\d+)$/.exec(entry);
  if (cidr) return withinIPv4(host, cidr[1] ?? '', Number(cidr[2]));
  const [, bracketed, plain, wanted] = /^(?:\[([^\]]*)\]|([^:]*))(?::(\d+))?$/.exec(entry) ?? ['', undefined, entry];
  if (wanted !== undefined && Number(wanted) !== port) return false;
  const name = (bracketed ?? plain ?? '').replace(/^\*(?=\.)/, '').replace(/(?<=.)\.$/, '');
  if (name === '') return false;
  return name.startsWith('.') ? host.endsWith(name) : host === name || host.endsWith(`.${name}`);
}

function withinIPv4(host: string, network: string, bits: number): boolean {
  const [left, right] = [numberOf(host), numberOf(network)];
  if (left === undefined || right === undefined || bits > 32) return false;
  const size = 2 ** (32 - bits);
  return Math.floor(left / size) === Math.floor(right / size);
}

function numberOf(address: string): number | undefined {
  const parts = /^\d+\.\d+\.\d+\.\d+$/.test(address) ? address.split('.').map(Number) : [];
  return parts.length === 4 && parts.every((part) => part <= 255) ? parts.reduce((sum, part) => sum * 256 + part, 0) : undefined;
}
