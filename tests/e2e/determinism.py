#!/usr/bin/env python3
"""The same program gives the same state, however it is cut up. Prints TAP, 1..N."""
import os

from e2e import *

# Traffic of every kind between five vats: presences, promises as arguments, answers that settle late,
# rejections, objects that are dropped.
DRIVER = root('''
  async bootstrap(vats) {
    const names = ['a', 'b', 'c'];
    for (const n of names) await E(vats[n]).meet(names.filter(m => m !== n).map(m => vats[m]));
    for (let i = 0; i < 8; i += 1) {
      const kit = makePromiseKit();
      const answers = names.map(n => E(vats[n]).round(i, kit.promise));
      kit.resolve(Far(`token ${i}`, { read: () => i }));
      const results = await Promise.allSettled(answers);
      powers.testLog(results.map(r => r.status === 'fulfilled' ? r.value : r.reason.message).join());
    }
    return harden(parameters.argv);
  }''')
WORKER = root('''
  meet(them) { others = them; },
  make: n => Far(`made ${n}`, { use: p => E(p).read() }),
  async round(i, tokenP) {
    const things = others.map(o => E(o).make(i));
    kept = i % 3 === 0 ? [] : [...kept, ...things];
    const uses = things.map(t => E(t).use(tokenP));
    if (i % 5 === 4) throw Error(`round ${i}`);
    const sum = (await Promise.all(uses)).reduce((x, y) => x + y, 0);
    console.log('round', i);
    return sum;
  }''', 'let others = []; let kept = [];')


def program(dir):
    return dir.basedir(DRIVER, a=WORKER, b=WORKER, c=WORKER)


def run(dir, base, name, *args):
    store = dir / name
    r = exits(QUIET, capstan('run', base, '--store', store, *args))
    good(store)
    return r.out, state(store)


@case
def twice_the_same_is_the_same(dir):
    base = program(dir)
    out, first = run(dir, base, '1.db', '--', 'x', 'y')
    want(len(out.splitlines()) > 12, out)
    equal(run(dir, base, '2.db', '--', 'x', 'y'), (out, first))
    other = run(dir, base, '3.db', '--', 'x', 'z')[1]
    want(other[0]['activityHash'] != first[0]['activityHash'], 'other arguments, the same hash')


@case
def somewhere_else_is_the_same(dir):
    """Neither the folder nor the environment is in the state."""
    first = run(dir, program(dir), '1.db')[1]
    far = dir.sub('a much longer name, with blanks')
    base = program(far)
    exits(QUIET, capstan('run', '.', cwd=base, env={'TZ': 'Asia/Tokyo', 'LC_ALL': 'C', 'HOME': '/'}))
    same_state(state(far.store), first)


@case
def block_sizes_do_not_matter(dir):
    base = program(dir)
    out, first = run(dir, base, '0.db')
    for block in 1, 7, 1000:
        have = run(dir, base, '%d.db' % block, '--block', block)
        equal(have[0], out)
        same_state(have[1], first, '--block %d' % block)
    same_state(run(dir, base, ':memory:.db')[1], first)


@case
def slices_and_restarts_do_not_matter(dir):
    base = program(dir)
    out, first = run(dir, base, '0.db')
    for slice in 500, 60:
        store, said, n = dir / ('%d.db' % slice), '', 0
        while True:
            r = capstan('run', base, '--store', store, '--max-cranks', slice)
            said += r.out
            if r.code == QUIET:
                break
            exits(STOPPED, r)
            equal(r.err, 'capstan: stopped after %d cranks; run again to go on\n' % slice)
            n += 1
        equal(said, out, '--max-cranks %d' % slice)
        want(n >= first[0]['crankNumber'] // slice - 1, n)
        same_state(state(store), first, '--max-cranks %d' % slice)
        good(store)


@case
def every_crank_by_itself(dir):
    """By serve: one crank, one commit."""
    base = program(dir)
    first = run(dir, base, '0.db')[1]
    with Serve(base, '--store', dir / '1.db') as s:
        n = 0
        while s.ok('step')['cranks'] == 1:
            s.ok('commit')
            n += 1
        equal(s.ok('dump'), first[0])
        equal(s.ok('activityHash'), first[0]['activityHash'])
        equal(stored(s.ok('stats')), first[0]['stats'])
        equal(s.ok('run'), {'cranks': 0, 'deliveries': 0, 'computrons': 0, 'quiet': True})
        s.end()
    same_state(state(dir / '1.db'), first)


@case
def json_tells_the_same_in_slices(dir):
    base = program(dir)
    whole = run_json(base, '--store', dir / '0.db', '--', 'x')
    equal(whole['bootstrap'], {'status': 'fulfilled', 'value': {'body': '#["x"]', 'slots': []}})
    log, cranks, deliveries = [], 0, 0
    while True:
        r = capstan('run', base, '--store', dir / '1.db', '--json', '--max-cranks', '100', '--', 'x')
        part = json.loads(r.out)
        log += part['log']
        cranks += part['cranks']
        deliveries += part['deliveries']
        if r.code == QUIET:
            break
        equal((r.code, part['cranks']), (STOPPED, 100))
        # Fulfilled: what is left then is garbage to be told of.
        want(part['bootstrap'] in ({'status': 'unresolved', 'value': None}, whole['bootstrap']), part)
    equal((log, cranks, deliveries), (whole['log'], whole['cranks'], whole['deliveries']))
    equal((part['bootstrap'], stored(part['stats'])), (whole['bootstrap'], stored(whole['stats'])))


@case
def gc_policies_are_taken(dir):
    base = program(dir)
    for policy in 'prompt', 'paced', 'batched':
        out = run(dir, base, policy + '.db', '--gc', policy)[0]
        equal(out, run(dir, base, policy + '2.db', '--gc', policy)[0])


@case
def replay_is_exact(dir):
    base = program(dir)
    _, first = run(dir, base, '0.db')
    for vat in first[0]['vats']:
        for to in 1, 2, vat['deliveries']:
            r = exits(QUIET, capstan('replay', dir / '0.db', vat['id'], '--to', to))
            want(r.out.startswith('%d deliveries' % to), r)
    same_state(state(dir / '0.db'), first)


main()
