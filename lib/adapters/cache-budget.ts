// How one budget of disk is shared by everything that is kept below the cache folder.

/** MiB that are kept at most where nothing else is said. */
export const CACHE_MIB = 6144;

/** Parts of 100. */
const SHARES = { checkouts: 35, repositories: 35, charts: 20, downloads: 5, renders: 5 } as const;

/** Bytes for each folder of the cache. */
export type CacheBudget = Readonly<Record<keyof typeof SHARES, number>>;

/** The bounds of all folders, together no more than the budget. */
export function cacheBudget(mebibytes: number): CacheBudget {
  const bytesOf = (share: number) => Math.floor((mebibytes * 1024 * 1024 * share) / 100);
  const { checkouts, repositories, charts, downloads, renders } = SHARES;
  return {
    checkouts: bytesOf(checkouts),
    repositories: bytesOf(repositories),
    charts: bytesOf(charts),
    downloads: bytesOf(downloads),
    renders: bytesOf(renders),
  };
}
