#!/usr/bin/env node
// A worker process that runs one vat on Node: what the kind "node-subprocess" starts. It speaks
// docs/worker-protocol.md; a load carries the vat's bundle.

import '@endo/init';
import { makeChannel } from './channel.js';

const { makeVat } = await import('./vat.js');

const VERSION = 1;
const { receive, send } = makeChannel();

let vat;
let serial;
let isReplay = false;
let asked = 0; // syscalls of this delivery that the kernel has

const say = (level, text) => {
  if (isReplay) return;
  send(level === null ? { type: 'say', serial, text } : { type: 'say', serial, level, text });
};

// `syscalls` are all of the delivery so far; the question is the last.
const ask = syscalls => {
  send({ type: 'ask', serial, syscalls: syscalls.slice(asked) });
  asked = syscalls.length;
  const message = receive();
  if (message === undefined) process.exit(0);
  return message.answer;
};

const load = ({ vat: id, bundle }) => {
  vat = makeVat({ id, bundle: Buffer.from(bundle, 'base64'), options: {}, ask, say });
  send({ type: 'loaded', serial });
};

const deliver = async ({ delivery, replay }) => {
  isReplay = replay;
  asked = 0;
  const { problem, syscalls } = await vat.deliver(delivery);
  const reply = { type: 'reply', serial, syscalls: syscalls.slice(asked).map(({ s }) => s) };
  send(problem === null ? reply : { ...reply, error: problem });
};

const handlers = {
  hello: () => send({ type: 'ready', serial, version: VERSION }),
  load,
  deliver,
};

for (;;) {
  const message = receive();
  if (message === undefined) process.exit(0);
  serial = message.serial;
  const handler = handlers[message.type];
  if (handler === undefined) throw Error(`unexpected message ${message.type}`);
  await handler(message);
}
