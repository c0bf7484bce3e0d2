#!/usr/bin/env python3
"""Dynamic vats from end to end: examples/plugins, straight through and with a restart after every few
cranks. Prints TAP, 1..N."""
import os
import shutil

from e2e import *

# Lines; what ends with "..." only begins so.
PLUGINS = [
    'tom: tom greets kim',
    'kim: kim greets tom',
    'ann: burnt',
    'bob: burnt',
    'bob used the meter: true',
    'ann burns everything: refused, vat terminated',
    'ann ended: ...',
    'told that the meter is low: true',
    'bob: bob greets ann',
    'max loops: refused, vat terminated',
    'max ended: ...',
    'kim ended: no more need of kim',
    'kim: refused, vat terminated',
    'zoe left: enough',
    'ned ended: enough',
    'broken: refused, Vat Creation Error: ...',
    'a bad name: refused, ...',
    'a bad option: refused, ...',
    'no bundle: refused, ...',
    'no cap: refused, Vat Creation Error: createVat() requires a bundlecap',
    'no meter: refused, CreateVatOptions: invalid meter',
    'no key: refused, invalid criticalVatKey',
    'tom: tom greets those who are left',
]


def example(dir):
    to = dir / 'plugins'
    shutil.copytree(os.path.join(SOURCE, 'examples', 'plugins'), to,
                    ignore=shutil.ignore_patterns('capstan.db*'))
    return os.path.join(to, 'config.json'), os.path.join(to, 'capstan.db')


def said(lines, result):
    equal(len(lines), len(PLUGINS), lines, result)
    for line, wanted in zip(lines, PLUGINS):
        begins = wanted[:-3] if wanted.endswith('...') else None
        want(line.startswith(begins) if begins is not None else line == wanted, line, wanted, result)


@case
def plugins(dir):
    config, store = example(dir)
    r = exits(QUIET, capstan('run', config))
    said(r.out.splitlines(), r)
    ends = r.err.splitlines()
    want(len(ends) == 6 and all(line.startswith('capstan: terminated: v') for line in ends), r)
    good(store)
    living = {v['name']: v['id'] for v in dump(store)['vats'] if v['status'] == 'running'}
    equal(sorted(living), ['bob', 'bootstrap', 'tom', 'vatAdmin'])
    prints(['"tom greets me"'], capstan('call', store, living['tom'], 'greet', '"me"'))
    for vat in living.values():
        exits(QUIET, capstan('replay', store, vat))


@case
def plugins_with_restarts(dir):
    config, store = example(dir)
    lines = []
    for _ in range(400):
        r = capstan('run', config, '--max-cranks', '7')
        want(r.code in (QUIET, STOPPED), r)
        lines += r.out.splitlines()
        if lines and lines[-1] == PLUGINS[-1]:
            break
    said(lines, r)
    good(store)


main()
