#!/usr/bin/env python3
"""kill -9 at any moment of a run: typed again, it goes on, and ends where an undisturbed run ends.
Prints TAP, 1..N. T_KILLS: how many moments; T_SEED: which."""
import os
import signal
import subprocess
import time

from e2e import *

KILLS = int(os.environ.get('T_KILLS', '25'))

DRIVER = root('''
  async bootstrap(vats) {
    let sum = 0;
    for (let i = 0; i < 60; i += 1) {
      const counter = E(vats.a).makeCounter(i);
      const [x, y] = await Promise.all([E(counter).add(i), E(vats.b).use(counter, 'x'.repeat(i))]);
      kept = i % 10 === 0 ? [] : [...kept, await counter];
      sum += x + y;
      powers.testLog(`${i}: ${sum}`);
    }
    return sum;
  }''', 'let kept = [];')
MAKER = root("makeCounter: n => Far('counter', { add(i) { n += i; total += i; return n; } }), "
             "total: () => total", 'let total = 0;')
USER = root('use: (counter, text) => E(counter).add(text.length)')
LINES = 60


def subsequence(short, long):
    it = iter(long)
    return all(line in it for line in short)


@case
def killed_at_any_moment_it_goes_on(dir):
    rand = seed()
    base = dir.basedir(DRIVER, a=MAKER, b=USER)
    whole = run_json(base, '--store', dir / 'whole.db', '--block', '8')
    started = time.monotonic()
    lines = exits(QUIET, capstan('run', base, '--store', dir / 'timed.db', '--block', '8')).out
    duration = time.monotonic() - started
    lines = lines.splitlines()
    equal((len(lines), whole['log']), (LINES, lines))
    wanted = state(dir / 'whole.db')
    same_state(state(dir / 'timed.db'), wanted)

    kills = rounds = 0
    while kills < KILLS:
        store, said, in_a_row = dir / ('%d.db' % rounds), [], 0
        rounds += 1
        while True:
            # Sometimes the first commit, sometimes a run that is nearly over, sometimes one that
            # only just began again.
            at = rand.choice([duration * rand.random(), 0.3 * duration * rand.random()])
            p = subprocess.Popen([CAPSTAN, 'run', base, '--store', store, '--block', '8'],
                                 stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            try:
                p.wait(timeout=at if kills < KILLS and in_a_row < 8 else TIMEOUT)
            except subprocess.TimeoutExpired:
                p.kill()
            out, err = p.communicate()
            said += [l for l in out.splitlines() if l in lines]
            if p.returncode == 0:
                break
            equal((p.returncode, of_ours(err)), (-signal.SIGKILL, ''))
            kills += 1
            in_a_row += 1
            if rand.random() < 0.2 and os.path.exists(store) and os.path.getsize(store) > 0:
                r = capstan('verify', store)
                want(r.code == QUIET or 'empty' in r.err or 'holds no vats' in r.err, r)
        want(subsequence(lines, said), 'a line that was committed was not said', said)
        good(store)
        same_state(state(store), wanted, 'kill %d, round %d' % (kills, rounds))
        equal(run_json(base, '--store', store)['bootstrap'], whole['bootstrap'])
        for end in '', '-wal', '-shm':
            if os.path.exists(store + end):
                os.unlink(store + end)
    print('# %d kills in %d runs of %.2f s' % (kills, rounds, duration))


@case
def killed_while_a_call_runs(dir):
    """Either the call was committed or it never was."""
    rand = seed()
    base = dir.basedir(a=root('add(i) { n += 1; return n; }', 'let n = 0;'))
    exits(QUIET, capstan('run', base))
    started = time.monotonic()
    prints(['1'], capstan('call', dir.store, 'a', 'add', '1'))
    duration, last = time.monotonic() - started, 1
    for _ in range(max(KILLS // 3, 3)):
        p = subprocess.Popen([CAPSTAN, 'call', dir.store, 'a', 'add', '1'],
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        try:
            p.wait(timeout=duration * rand.random())
        except subprocess.TimeoutExpired:
            p.kill()
        out, _ = p.communicate()
        if out:
            equal(int(out), last + 1)
        r = exits(QUIET, capstan('call', dir.store, 'a', 'add', '1'))
        want(last + (2 if out else 1) <= int(r.out) <= last + 2, last, r)
        last = int(r.out)
    good(dir.store)


main()
