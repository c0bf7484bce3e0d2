#!/usr/bin/env python3
"""The tests whose size can be chosen, at the size of `make check`. Prints TAP, 1..N."""
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
RUNS = [
    ('kill.py', {'T_KILLS': '200'}),
    ('store.py', {'T_FLIPS': '500', 'T_FILTER': 'flipped'}),
    ('vats.py', {'T_CHAIN': '100000', 'T_FILTER': 'chains'}),
    ('bounds.py', {'T_WATCHDOG': '1', 'T_FILTER': 'watchdog'}),
]


def main():
    # One plan for all: the cases are counted as they come.
    n = failed = 0
    for script, env in RUNS:
        p = subprocess.Popen([os.path.join(HERE, script)], env=dict(os.environ, **env), text=True,
                             stdout=subprocess.PIPE)
        for line in p.stdout:
            m = re.match(r'((?:not )?ok) \d+ - (.*)', line)
            if m:
                n += 1
                line = '%s %d - %s\n' % (m.group(1), n, m.group(2))
            if not line.startswith('1..'):
                print(line, end='', flush=True)
        failed |= p.wait()
    print('1..%d' % n)
    sys.exit(1 if failed else 0)


main()
