#!/usr/bin/env python3
"""A vat in Python: it speaks JSON lines on stdin and stdout (docs/worker-protocol.md).

A ledger: add(name, amount) and balance(name), kept in the vatstore, and every account under its name is
told to whoever asks by tell(listener, name). What it does depends on the messages alone: Capstan replays
them when it starts this program again."""
import json
import sys


def write(serial, kind, **members):
    print(json.dumps(dict(members, type=kind, serial=serial)), flush=True)


def read():
    line = sys.stdin.readline()
    return json.loads(line) if line else sys.exit(0)


class Delivery:
    """The syscalls of one delivery; a question takes along those before it."""

    def __init__(self, serial):
        self.serial, self.syscalls = serial, []

    def get(self, key):
        write(self.serial, 'ask', syscalls=self.syscalls + [['vatstoreGet', key]])
        self.syscalls = []
        return read()['answer'][1]

    def add(self, *syscall):
        self.syscalls.append(list(syscall))

    def message(self, target, body, slots, result):
        method, args = json.loads(body[1:])  # smallcaps: '#' and JSON
        try:
            answer, rejected = getattr(self, 'do_' + method)(slots, *args), False
        except Exception as problem:
            answer, rejected = {'#error': str(problem), 'name': 'Error'}, True
        if result:
            data = {'body': '#' + json.dumps(answer), 'slots': []}
            self.add('resolve', [[result, rejected, data]])

    def do_add(self, slots, name, amount):
        balance = int(self.get(name) or 0) + amount
        if balance < 0:
            raise ValueError('%s has only %d' % (name, balance - amount))
        self.add('vatstoreSet', name, str(balance))
        return balance

    def do_balance(self, slots, name):
        return int(self.get(name) or 0)

    def do_tell(self, slots, listener, name):
        body = '#' + json.dumps(['told', [name, self.do_balance(slots, name)]])
        self.add('send', slots[0], {'methargs': {'body': body, 'slots': []}, 'result': None})
        write(self.serial, 'say', level='log', text='told about ' + name)


while True:
    m = read()
    if m['type'] == 'hello':
        write(m['serial'], 'ready', version=m['version'])
    elif m['type'] == 'load':
        write(m['serial'], 'loaded')
    elif m['type'] == 'deliver':
        delivery, (kind, *rest) = Delivery(m['serial']), m['delivery']
        if kind == 'message':
            delivery.message(rest[0], rest[1]['methargs']['body'], rest[1]['methargs']['slots'],
                             rest[1]['result'])
        write(m['serial'], 'reply', syscalls=delivery.syscalls)
