// parseBool: every spelling that Go's strconv.ParseBool knows, and nothing else.
import { describe, expect, it } from 'vitest';
import { parseBool } from '../../../lib/model/bool.ts';

describe('parseBool', () => {
  it.each(['1', 't', 'T', 'TRUE', 'true', 'True'])('reads %s as true', (text) => {
    expect(parseBool(text)).toBe(true);
  });

  it.each(['0', 'f', 'F', 'FALSE', 'false', 'False'])('reads %s as false', (text) => {
    expect(parseBool(text)).toBe(false);
  });

  it.each([undefined, '', 'yes', 'tRUE', ' true', 'constructor'])('knows nothing of %s', (text) => {
    expect(parseBool(text)).toBeUndefined();
  });
});
