import { describe, expect, it } from 'vitest';
import { processTerminal } from '../../../lib/cli/terminal.ts';

describe('colours', () => {
  it('mark status words and lines of differences', () => {
    const { paint, paintLine } = processTerminal(true);
    expect(paint('Synced')).toBe('\u001b[32mSynced\u001b[0m');
    expect(paintLine('-  a: 1')).toBe('\u001b[31m-  a: 1\u001b[0m');
  });

  it.each(['shop', '', 'constructor'])('leave other text alone: "%s"', (text) => {
    const { paint, paintLine } = processTerminal(true);
    expect(paint(text)).toBe(text);
    expect(paintLine(` ${text}`)).toBe(` ${text}`);
  });

  it('stay away when they are switched off', () => {
    expect(processTerminal(false).paint('Synced')).toBe('Synced');
  });
});
