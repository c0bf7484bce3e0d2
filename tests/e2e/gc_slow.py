#!/usr/bin/env python3
"""The tests of garbage collection at the size of `make check`, and a short soak. Prints TAP, 1..N."""
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
SOAK = os.path.join(os.path.dirname(os.path.dirname(HERE)), 'bench/soak')
RUNS = [
    ('gc_policies.py', {'T_RUNS': '12', 'T_FILTER': 'random'}),
    ('gc_kill.py', {'T_KILLS': '80'}),
]


def run_script(script, env, n):
    """Its lines, counted on from n; gives how many cases there were, and whether it failed."""
    p = subprocess.Popen([os.path.join(HERE, script)], env=dict(os.environ, **env), text=True,
                         stdout=subprocess.PIPE)
    count = 0
    for line in p.stdout:
        m = re.match(r'((?:not )?ok) \d+ - (.*)', line)
        if m:
            count += 1
            line = '%s %d - %s\n' % (m.group(1), n + count, m.group(2))
        if not line.startswith('1..'):
            print(line, end='', flush=True)
    return count, p.wait() != 0


def main():
    n, failed = 0, False
    for script, env in RUNS:
        count, bad = run_script(script, env, n)
        n, failed = n + count, failed or bad
    for policy in 'paced', 'prompt':
        n += 1
        p = subprocess.run([SOAK, '100000', '--no-memory', '--gc', policy], stdout=subprocess.PIPE,
                           stderr=subprocess.STDOUT, text=True, check=False)
        failed |= p.returncode != 0
        print('\n'.join('# ' + l for l in p.stdout.splitlines()))
        print('%sok %d - soak_%s' % ('not ' if p.returncode else '', n, policy), flush=True)
    print('1..%d' % n)
    sys.exit(1 if failed else 0)


main()
