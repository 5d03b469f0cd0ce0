#!/usr/bin/env node
// Starts the command line under a Node that runs TypeScript as it is (24 or newer): the one that runs this file, else the one
// that `npm ci` put into node_modules. Plain JavaScript, so that any Node from 20 on gets this far.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import nodeModule from 'node:module';
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const NEEDED = 24;
const root = fileURLToPath(new URL('../..', import.meta.url));

if (major() >= NEEDED) {
  // Half of a start is to read TypeScript: what Node makes of it is kept for the next one, in a folder of the user's own.
  nodeModule.enableCompileCache(join(cacheHome(), 'evenkeel', 'compiled'));
  await import('./main.ts');
} else {
  startUnder(bundledNode());
}

function major() {
  return Number(process.versions.node.split('.')[0]);
}

/** XDG Base Directory Specification: a relative path is to be ignored. */
function cacheHome() {
  const configured = process.env['XDG_CACHE_HOME'];
  return configured !== undefined && isAbsolute(configured) ? configured : join(homedir(), '.cache');
}

function bundledNode() {
  const path = `${root}node_modules/.bin/node`;
  if (existsSync(path)) return path;
  process.stderr.write(`evenkeel needs Node ${NEEDED} or newer, this is ${process.version}: run \`npm ci\` in ${root}, which brings one\n`);
  process.exit(20);
}

/** Runs the command line in a child that has this process's streams; ends as it ends, and hands signals on. */
function startUnder(node) {
  const child = spawn(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio: 'inherit' });
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'];
  for (const signal of signals) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => {
    process.stderr.write(`evenkeel cannot start ${node}: ${error.message}\n`);
    process.exit(20);
  });
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code ?? 20);
    for (const each of signals) process.removeAllListeners(each);
    process.kill(process.pid, signal);
  });
}
