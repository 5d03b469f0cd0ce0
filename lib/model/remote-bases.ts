// Whether kustomizations may name something on another server.

/** Kustomizations elsewhere: none; those at a commit, tag or version; also those that follow a branch. */
export const REMOTE_BASES = ['refused', 'fixed', 'any'] as const;
export type RemoteBases = (typeof REMOTE_BASES)[number];
