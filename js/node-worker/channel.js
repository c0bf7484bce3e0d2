// Lines of JSON on descriptors 0 and 1, without waiting for turns: a vat that asks stands still until
// it is answered.

import { readSync, writeSync } from 'node:fs';

const CHUNK = 64 * 1024;
const NEWLINE = 10;

// `receive()` gives the next message, or undefined if the kernel is gone.
export const makeChannel = () => {
  const parts = [];
  let rest = Buffer.alloc(0);

  const receive = () => {
    for (;;) {
      const end = rest.indexOf(NEWLINE);
      if (end >= 0) {
        parts.push(rest.subarray(0, end));
        rest = rest.subarray(end + 1);
        return JSON.parse(Buffer.concat(parts.splice(0)).toString('utf8'));
      }
      parts.push(rest);
      const chunk = Buffer.allocUnsafe(CHUNK);
      const size = readSync(0, chunk, 0, CHUNK, null);
      if (size === 0) return undefined;
      rest = chunk.subarray(0, size);
    }
  };

  const send = message => {
    let bytes = Buffer.from(`${JSON.stringify(message)}\n`);
    while (bytes.length > 0) bytes = bytes.subarray(writeSync(1, bytes));
  };

  return { receive, send };
};
