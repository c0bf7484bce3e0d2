#!/usr/bin/env python3
"""Garbage as users meet it: gc, gc --why, the policies and their options, roots and pins; and what is
said to wrong requests. Prints TAP, 1..N."""
import json
import os
import subprocess
import time

from e2e import *

# Keeps and lets go of objects of others, and makes some.
HOLDER = root('''
  hold(...things) { held.push(...things); },
  letGo() { held = []; },
  fetch: async (from, n) => { for (let i = 0; i < n; i += 1) held.push(await E(from).make(i)); },
  swap: async (from, n) => { for (let i = 0; i < n; i += 1) held = [await E(from).make(i)]; },
  mark(thing, value) { marks.set(thing, value); },
  marked: thing => marks.get(thing),
  give: () => held[0],
  count: () => held.length''', 'let held = []; const marks = new WeakMap();')
MAKER = root('''
  make: i => Far(`thing ${i}`, { hi: () => i }),
  link: next => { const kept = next; return Far('link', { next: () => kept }); },
  ping: () => { pings += 1; powers.testLog(`ping ${pings}`); return pings; },
  never: () => new Promise(() => {})''', 'let pings = 0;')
BOOTSTRAP = root('bootstrap: vats => E(vats.holder).hold(vats.maker)')


def config(dir, options=None, name='config.json', **more):
    """Two vats; `options` are the creationOptions of both."""
    dir.basedir(BOOTSTRAP, holder=HOLDER, maker=MAKER)
    vats = {v: {'sourceSpec': './%s' % f} for v, f in (
        ('boot', 'bootstrap.js'), ('holder', 'vat-holder.js'), ('maker', 'vat-maker.js'))}
    for v in 'holder', 'maker':
        vats[v]['creationOptions'] = options or {}
    return dir.file(name, json.dumps(dict(more, vats=vats, bootstrap='boot')))


NEVER = {'defaultReapInterval': 'never', 'defaultReapGCKrefs': 'never'}


def figures(store, *args):
    return json.loads(exits(QUIET, capstan('gc', store, *args, '--json')).out)


def why(store, kref):
    return json.loads(exits(QUIET, capstan('gc', '--why', store, kref, '--json')).out)


def told(store, vat=None):
    """Deliveries and syscalls about garbage, in order: [vat, name, how many]."""
    found = []
    for line in log(store).splitlines():
        e = json.loads(line)
        if vat is None or e['vatID'] == vat:
            for what in [e['vd']] + e['syscalls']:
                if what[0] == 'bringOutYourDead':
                    found.append([e['vatID'], what[0], 0])
                elif what[0].startswith(('drop', 'retire')):
                    found.append([e['vatID'], what[0], len(what[1])])
    return found


def littered(dir, things=30):
    """A store that has never been reaped: boot, holder v2, maker v3; `things` objects of the maker's
    that the holder has let go."""
    path = config(dir, **NEVER)
    with Serve(path, '--gc', 'batched') as s:
        s.ok('run')
        maker = s.ok('getRootObject', vat='maker')
        for method, args in ('fetch', ['$0.Alleged: root', things]), ('letGo', []):
            kp = s.ok('queueToVatRoot', vat='holder', method=method, capdata={
                'body': '#' + json.dumps(args), 'slots': [maker] if args else []})['kpid']
            s.ok('run')
            s.ok('kpRelease', kpid=kp)
        s.ok('run')
        s.end()
    equal([t for t in told(dir.store) if t[0] != 'v1' and t[1] != 'dropExports' and
           t[1] != 'retireExports'], [], 'nothing is reaped')
    return dir.store


# ---- capstan gc ----


@case
def gc_prints_what_was_dropped(dir):
    store = littered(dir, 30)
    before = dump(store)
    want(len(before['objects']) >= 30, before['objects'])
    r = exits(QUIET, capstan('gc', store))
    equal(r.err, '')
    lines = dict(line.rsplit(None, 1) for line in r.out.splitlines())
    equal(list(lines), ['imports dropped', 'imports retired', 'exports dropped', 'exports retired',
                        'deliveries', 'rounds'])
    for key in list(lines)[:4]:
        want(int(lines[key]) >= 30, r)
    want(int(lines['rounds']) >= 2, r)
    equal(dump(store)['objects'], [])
    equal([e for e in dump(store)['clists'] if not e[1].startswith('kd')], [])  # devices stay
    equal(figures(store), {'importsDropped': 0, 'importsRetired': 0, 'exportsDropped': 0,
                           'exportsRetired': 0, 'deliveries': 4, 'rounds': 1})
    good(store)
    stats = dump(store)['stats']
    equal(stats['importsDropped'], int(lines['imports dropped']))
    equal((stats['objects'], stats['clistEntries']), (0, 2))


@case
def gc_of_one_vat(dir):
    store = littered(dir, 10)
    f = figures(store, 'maker')  # it holds nothing of others
    equal((f['importsDropped'], f['exportsDropped'], f['rounds']), (0, 0, 1))
    f = figures(store, 'holder')
    want(f['importsDropped'] >= 10 and f['importsRetired'] >= 10 and f['exportsRetired'] >= 10, f)
    equal([t[1] for t in told(store, 'v2')].count('bringOutYourDead'), 1)
    good(store)


@case
def gc_follows_what_falls_from_vat_to_vat(dir):
    """A list through three vats, of which the head is let go."""
    base = dir.basedir(
        root('''async bootstrap({ a, b, c }) {
                  let head = null;
                  for (let i = 0; i < 12; i += 1) head = await E([a, b, c][i % 3]).link(head);
                  head = null;
                }'''), a=MAKER, b=MAKER, c=MAKER)
    exits(QUIET, capstan('run', base, '--gc', 'batched'))
    figures(dir.store)
    equal(dump(dir.store)['objects'], [])
    good(dir.store)


@case
def gc_runs_no_code_of_vats(dir):
    store = littered(dir, 5)
    with Serve(store) as s:
        kp = s.send('maker', 'ping')
        s.ok('gc')
        equal((s.ok('log'), s.ok('kpStatus', kpid=kp)), ([], 'unresolved'))
        equal(len(s.ok('dump')['acceptanceQueue']), 1)
        s.ok('gc', vat='maker')
        equal(s.ok('log'), [])
        s.ok('run')
        equal((s.ok('log'), s.ok('kpResolution', kpid=kp)['body']), (['ping 1'], '#1'))
        s.end()
    good(store)


@case
def gc_commits(dir):
    store = littered(dir, 5)
    with Serve(store) as s:
        s.ok('gc')
        s.p.kill()
        s.p.wait()
    equal(dump(store)['objects'], [])
    good(store)


@case
def gc_killed_at_any_moment(dir):
    rand = seed()
    store = littered(dir, 300)
    copy = dir / 'copy.db'
    started = time.monotonic()
    figures(copy_store(store, copy))
    duration = time.monotonic() - started
    for _ in range(int(os.environ.get('T_KILLS', '6'))):
        copy_store(store, copy)
        p = subprocess.Popen([CAPSTAN, 'gc', copy], stdout=subprocess.DEVNULL)
        try:
            p.wait(timeout=duration * rand.random())
        except subprocess.TimeoutExpired:
            p.kill()
        p.wait()
        good(copy)
        figures(copy)
        equal(dump(copy)['objects'], [])
        good(copy)


@case
def gc_refuses(dir):
    store = littered(dir, 3)
    before = state(store)
    refused(USAGE, "no vat 'nobody' in ", capstan('gc', store, 'nobody'))
    refused(USAGE, "no vat 'v9' in ", capstan('gc', store, 'v9'))
    refused(USAGE, "no vat '' in ", capstan('gc', store, ''))
    for kref in 'oops', 'ko', 'ko-1', 'ko020', 'o+3', 'v1', '', 'ko99999999999999999999':
        refused(USAGE, "'%s' is no kref such as ko20 or kp40" % kref,
                capstan('gc', '--why', store, kref))
    for kref in 'ko9999', 'kp9999', 'kd30':
        refused(USAGE, ['there is no %s in ' % kref, "'capstan dump' lists what there is"],
                capstan('gc', '--why', store, kref))
    refused(USAGE, 'there is no such store', capstan('gc', '--why', dir / 'none.db', 'ko20'))
    same_state(state(store), before)
    with Serve(store) as s:
        s.ok('terminateVat', vat='maker', reason='enough')
        s.refuses('DEAD', "vat 'maker' is terminated", 'gc', vat='maker')
        s.ok('run')  # which deletes its c-list
        s.end()
    refused(REJECTED, "vat 'maker' is terminated", capstan('gc', store, 'maker'))
    figures(store)
    equal(dump(store)['objects'], [])
    good(store)


# ---- why ----


@case
def why_names_every_kind_of_holder(dir):
    path = config(dir)
    with Serve(path) as s:
        s.ok('run')
        kp = s.send('maker', 'make', 7)
        s.ok('run')
        thing = s.ok('kpResolution', kpid=kp)['slots'][0]
        never = s.send('maker', 'never')
        s.ok('run')
        def hold(**target):
            cmd = 'queueToVatRoot' if 'vat' in target else 'queueToVatObject'
            return s.ok(cmd, method='hold', capdata={
                'body': '#["$0.Alleged: thing"]', 'slots': [thing]}, **target)['kpid']
        hold(vat='holder')
        s.ok('run')
        hold(kref=never)
        s.ok('run')
        hold(vat='holder')  # stays queued
        crank = s.ok('dump')['crankNumber']
        text = s.ok('why', kref=thing)
        equal((text['kref'], text['type'], text['owner'], text['name'], text['gcActions']),
              (thing, 'object', 'v3', 'maker', []))
        equal(text['crankNumber'], crank)
        kinds = {h['kind']: h for h in text['holders']}
        equal(sorted(kinds), ['export', 'import', 'promise', 'queue', 'resolution'])
        equal((kinds['import']['vat'], kinds['import']['name'], kinds['import']['reachable']),
              ('v2', 'holder', True))
        want(kinds['import']['vref'].startswith('o-'), text)
        equal((kinds['export']['vat'], kinds['export']['reachable']), ('v3', True))
        want(kinds['export']['vref'].startswith('o+'), text)
        equal((kinds['promise']['promise'], kinds['promise']['count']), (never, 1))
        equal((kinds['resolution']['promise'], kinds['resolution']['count']), (kp, 1))
        equal(kinds['queue']['count'], 1)
        for h in text['holders']:
            want(0 < h['since'] <= crank, h)
        want(kinds['export']['since'] < kinds['import']['since'], text)
        held = sum(h.get('count', 1) for h in text['holders'] if h['kind'] != 'export')
        equal((text['reachable'], text['recognizable']), (held, held))
        pinned = s.ok('why', kref=s.ok('getRootObject', vat='maker'))
        want('host' not in [h['kind'] for h in pinned['holders']], pinned)
        s.ok('pinVatRoot', vat='maker')
        host = [h for h in s.ok('why', kref=pinned['kref'])['holders'] if h['kind'] == 'host']
        equal([(h['count'], 'vat' in h) for h in host], [(1, False)])
        promise = s.ok('why', kref=never)
        equal((promise['type'], promise['state'], promise['decider'], promise['refCount']),
              ('promise', 'unresolved', 'v3', 3))
        equal(sorted(h['kind'] for h in promise['holders']), ['host', 'import', 'promise'])
        s.ok('commit')
        s.p.kill()
        s.p.wait()
    r = exits(QUIET, capstan('gc', '--why', dir.store, thing))
    lines = r.out.splitlines()
    want(lines[0].startswith('%s: an object of vat v3 (maker), reachable %d, recognizable %d; crank ' %
                             (thing, held, held)), r)
    for text in ('vat v2 (holder) imports it as o-', 'R and can reach it',
                 'vat v3 (maker) exports it as o+', 'R: it was not told to drop it',
                 '1 in an event of the queues', '1 in messages that wait for promise ' + never,
                 '1 in what promise %s is settled to' % kp):
        want(text in r.out, text, r)
    want(all('; since crank ' in line for line in lines[1:]) and len(lines) == 6, r)
    r = exits(QUIET, capstan('gc', '--why', '--json', dir.store, thing))
    equal(json.loads(r.out)['kref'], thing)
    r = exits(QUIET, capstan('gc', '--why', dir.store, never))
    want('a promise, unresolved, 3 references' in r.out and 'the host holds it (1): ' in r.out and
         'vat v3 (maker) has it as p-' in r.out, r)
    good(dir.store)


@case
def why_says_that_nobody_does(dir):
    path = config(dir)
    with Serve(path) as s:
        s.ok('run')
        kp = s.send('maker', 'make', 7)
        s.ok('run')
        thing = s.ok('kpResolution', kpid=kp)['slots'][0]
        s.ok('kpRelease', kpid=kp)
        waits = s.ok('why', kref=thing)
        equal([h['kind'] for h in waits['holders']], ['export'])
        equal(waits['gcActions'], ['v3 dropExport ' + thing, 'v3 retireExport ' + thing])
        equal(s.ok('dump')['gcActions'], waits['gcActions'])
        s.ok('commit')
        s.p.kill()
        s.p.wait()
    r = exits(QUIET, capstan('gc', '--why', dir.store, thing))
    want('nobody holds it' in r.out and
         "it waits for the GC action v3 dropExport %s; 'capstan gc'" % thing in r.out, r)
    r = exits(QUIET, capstan('dump', dir.store))
    want('gcActions: 2\n  v3 dropExport ' + thing in r.out and 'reapQueue: 0' in r.out, r)
    figures(dir.store)
    refused(USAGE, 'there is no ' + thing, capstan('gc', '--why', dir.store, thing))


@case
def a_key_that_is_only_recognised(dir):
    """Dropped but known in a WeakMap: found again when it comes back, gone with its object."""
    path = config(dir)
    with Serve(path, '--gc', 'prompt') as s:
        s.ok('run')
        kp = s.send('maker', 'make', 7)
        s.ok('run')
        thing = s.ok('kpResolution', kpid=kp)['slots'][0]
        def of_thing(method, *more):
            k = s.ok('queueToVatRoot', vat='holder', method=method, capdata={
                'body': '#' + json.dumps(['$0.Alleged: thing', *more]), 'slots': [thing]})['kpid']
            s.ok('run')
            body = s.ok('kpResolution', kpid=k)['body']
            s.ok('kpRelease', kpid=k)
            return body
        of_thing('mark', 55)
        known = [h for h in s.ok('why', kref=thing)['holders'] if h['kind'] == 'import']
        equal([(h['vat'], h['reachable']) for h in known], [('v2', False)])
        text = s.ok('why', kref=thing)
        equal((text['reachable'], text['recognizable']), (1, 2))
        for _ in range(3):
            equal(of_thing('marked'), '#55')
        s.ok('commit')
        r = exits(QUIET, capstan('gc', '--why', dir.store, thing))
        want('_ and would only recognise it' in r.out, r)
        s.ok('kpRelease', kpid=kp)
        s.ok('run')
        s.refuses('NOT_FOUND', thing, 'why', kref=thing)
        s.end()
    want(['v2', 'retireImports', 1] in told(dir.store), told(dir.store))
    good(dir.store)


# ---- policies ----


@case
def what_each_policy_does(dir):
    counts = {}
    for policy in 'prompt', 'paced', 'batched':
        store = dir / (policy + '.db')
        path = config(dir, defaultReapInterval=50, defaultReapGCKrefs='never')
        j = run_json(path, '--store', store, '--gc', policy)
        want(j['stats']['collections'] >= 0, j)
        with Serve(store, '--gc', policy) as s:
            maker = s.ok('getRootObject', vat='maker')
            s.ok('queueToVatRoot', vat='holder', method='swap', capdata={
                'body': '#["$0.Alleged: root",100]', 'slots': [maker]})
            s.ok('run')
            stats = s.ok('stats')
            s.end()
        boyds = [t[0] for t in told(store) if t[1] == 'bringOutYourDead']
        drops = [t[2] for t in told(store, 'v2') if t[1] == 'dropImports']
        counts[policy] = stats['collections'], boyds.count('v2'), drops
        equal(stats['boyds'], len(boyds))
        good(store)
        exits(QUIET, capstan('replay', store, 'holder'))
    collections, boyds, drops = counts['prompt']
    want(collections > 100 and boyds == 0 and len(drops) > 90 and max(drops) <= 2, counts)
    collections, boyds, drops = counts['paced']
    want(boyds >= 1 and len(drops) < 30 and sum(drops) > 90, counts)
    # 100 answers came to the holder, and 50 deliveries are a reason to reap it
    collections, boyds, drops = counts['batched']
    want(boyds == 2 and len(drops) == 2 and collections >= 2, counts)


@case
def options_of_single_vats(dir):
    """batched: by deliveries, by references in GC deliveries, never; neverReap under every policy."""
    for options, policy, wanted in (
            ({'reapInterval': 1}, 'batched', lambda n: n > 20),
            ({'reapInterval': 0}, 'batched', lambda n: n > 20),
            ({'reapInterval': 10}, 'batched', lambda n: n == 2),
            ({'reapInterval': 1e1}, 'batched', lambda n: n == 2),
            ({'reapInterval': 'never'}, 'batched', lambda n: n == 0),
            ({}, 'batched', lambda n: n == 0),
            ({'neverReap': True, 'reapInterval': 1}, 'batched', lambda n: n == 0),
            ({'neverReap': True}, 'paced', lambda n: n == 0),
            ({'neverReap': False}, 'paced', lambda n: n >= 1)):
        store = dir / 'x.db'
        path = config(dir, options, **NEVER)
        exits(QUIET, capstan('run', path, '--store', store, '--reset', '--gc', policy))
        with Serve(store, '--gc', policy) as s:
            maker = s.ok('getRootObject', vat='maker')
            s.ok('queueToVatRoot', vat='holder', method='swap', capdata={
                'body': '#["$0.Alleged: root",20]', 'slots': [maker]})
            s.ok('run')
            s.end()
        boyds = [t for t in told(store, 'v2') if t[1] == 'bringOutYourDead']
        want(wanted(len(boyds)), options, policy, len(boyds))
        if options.get('neverReap'):
            equal([t for t in told(store, 'v2') if t[1] in ('dropImports', 'retireImports')], [])
            exits(QUIET, capstan('gc', store))  # whoever asks for it gets it
            want([t for t in told(store, 'v2') if t[1] == 'dropImports'], options)
        good(store)


@case
def references_in_gc_deliveries_are_counted(dir):
    """reapGCKrefs: the maker is told of 30 dropped and retired things, 60 references."""
    for options, boyds in ({'reapGCKrefs': 50}, 1), ({'reapGCKrefs': 100}, 0), ({}, 0):
        sub = dir.sub('%d' % options.get('reapGCKrefs', 0))
        path = config(sub, **NEVER)
        text = json.loads(open(path, encoding='utf-8').read())
        text['vats']['maker']['creationOptions'] = options
        sub.file('config.json', json.dumps(text))
        with Serve(path, '--gc', 'batched') as s:
            s.ok('run')
            maker = s.ok('getRootObject', vat='maker')
            for method, args in ('fetch', ['$0.Alleged: root', 30]), ('letGo', []):
                s.ok('queueToVatRoot', vat='holder', method=method, capdata={
                    'body': '#' + json.dumps(args), 'slots': [maker] if args else []})
                s.ok('run')
            for kp in [p['id'] for p in s.ok('dump')['promises']]:
                s.ok('kpRelease', kpid=kp)
            s.ok('gc', vat='holder')
            s.ok('run')
            s.end()
        equal([t[1] for t in told(sub.store, 'v3')].count('bringOutYourDead'), boyds, options)
        good(sub.store)


@case
def defaults_can_be_changed_later(dir):
    path = config(dir)
    with Serve(path, '--gc', 'batched') as s:
        equal(s.ok('changeKernelOptions', defaultReapInterval='never', defaultReapGCKrefs='never',
                   snapshotInterval=5), True)
        s.ok('run')
        for _ in range(20):
            s.send('maker', 'ping')
        s.ok('run')
        before = [t for t in told(dir.store, 'v3') if t[1] == 'bringOutYourDead']
        equal(before, [])
        s.ok('changeKernelOptions', defaultReapInterval=4)
        s.end()
    with Serve(dir.store, '--gc', 'batched') as s:  # it is kept in the store
        for _ in range(20):
            s.send('maker', 'ping')
        s.ok('run')
        s.end()
    after = [t for t in told(dir.store, 'v3') if t[1] == 'bringOutYourDead']
    want(5 <= len(after) <= 6, after)
    good(dir.store)


@case
def all_vats_are_reaped_when_asked(dir):
    store = littered(dir, 5)
    with Serve(store, '--gc', 'batched') as s:
        equal(s.ok('reapAllVats'), True)
        equal(s.ok('reapAllVats'), True)  # once is enough
        equal(s.ok('dump')['reapQueue'], ['v1', 'v2', 'v3', 'v4'])  # vatAdmin is the last
        equal(s.ok('step'), {'cranks': 1})
        equal(s.ok('dump')['reapQueue'], ['v2', 'v3', 'v4'])
        s.ok('run')
        equal(s.ok('dump')['reapQueue'], [])
        s.end()
    equal([t[0] for t in told(store) if t[1] == 'bringOutYourDead'], ['v1', 'v2', 'v3', 'v4'])
    good(store)


@case
def a_history_of_one_policy_goes_on_under_another(dir):
    for then, now in ('prompt', 'paced'), ('paced', 'batched'), ('batched', 'prompt'):
        store = dir / ('%s-%s.db' % (then, now))
        path = config(dir)
        for policy, first in (then, True), (now, False):
            target = [path, '--store', store] if first else [store]
            with Serve(*target, '--gc', policy) as s:
                s.ok('run')
                for n in 40, 3:
                    maker = s.ok('getRootObject', vat='maker')
                    kp = s.ok('queueToVatRoot', vat='holder', method='swap', capdata={
                        'body': '#["$0.Alleged: root",%d]' % n, 'slots': [maker]})['kpid']
                    s.ok('run')
                    equal(s.ok('kpStatus', kpid=kp), 'fulfilled')
                    s.ok('kpRelease', kpid=kp)
                s.ok('run')
                equal(s.end(), '', 'nothing had to be reconciled')
            good(store)
            for vat in 'boot', 'holder', 'maker':
                equal(exits(QUIET, capstan('replay', store, vat)).err, '')
        figures(store)
        equal(len(dump(store)['objects']), 1)  # what the holder has
        equal(dump(store)['stats']['importsMiscounted'], 0)


# ---- roots and pins ----


@case
def a_root_that_nobody_holds_can_be_named(dir):
    path = config(dir)
    exits(QUIET, capstan('run', path))
    store = dir.store
    equal([c for c in dump(store)['clists'] if c[0] == 'v2'], [['v2', c[1], c[2], c[3]] for c in
          dump(store)['clists'] if c[0] == 'v2' and c[2].startswith('o-')], 'no root in its c-list')
    prints(['1'], capstan('call', store, 'holder', 'count'))
    prints(['1'], capstan('call', store, 'v2', 'count'))
    good(store)
    with Serve(store) as s:
        first = s.ok('getRootObject', vat='holder')
        equal(s.ok('getRootObject', vat='holder'), first)
        s.ok('pinVatRoot', vat='holder')
        s.ok('gc')
        equal(s.ok('getRootObject', vat='holder'), first, 'it is pinned')
        equal(s.ok('unpinVatRoot', vat='holder'), True)
        s.refuses('NOT_FOUND', "the root object of vat 'holder' is not pinned", 'unpinVatRoot',
                  vat='holder')
        s.ok('gc')
        want(s.ok('getRootObject', vat='holder') != first, 'it was retired, and is another one now')
        s.end()
    good(store)


@case
def pins_of_the_dead_are_released_by_kref(dir):
    path = config(dir)
    with Serve(path) as s:
        s.ok('run')
        s.ok('pinVatRoot', vat='maker')
        s.ok('pinVatRoot', vat='maker')
        maker = s.ok('getRootObject', vat='maker')
        s.ok('terminateVat', vat='maker', reason='enough')
        s.ok('run')
        s.refuses('DEAD', 'release what was its root object by its kref', 'unpinVatRoot', vat='maker')
        text = s.ok('why', kref=maker)
        equal((text['owner'], [h['kind'] for h in text['holders']]), (None, ['import', 'host']))
        equal(s.ok('kpRelease', kpid=maker), True)
        s.refuses('NOT_FOUND', 'is not held by the host', 'kpRelease', kpid=maker)
        s.end()
    r = exits(QUIET, capstan('gc', '--why', dir.store, maker))
    want('whose vat is gone or gave it up' in r.out, r)
    good(dir.store)


@case
def an_answer_is_held_until_it_is_released(dir):
    path = config(dir)
    exits(QUIET, capstan('run', path))
    r = exits(QUIET, capstan('call', dir.store, 'maker', 'make', '5'))
    thing = json.loads(r.out)['slots'][0]
    prints(['5'], capstan('call', dir.store, thing, 'hi'))  # the next call can name it
    refused(USAGE, thing, capstan('call', dir.store, thing, 'hi'))
    with Serve(dir.store) as s:
        kp = s.send('maker', 'make', 6)
        s.ok('run')
        s.ok('gc')
        thing = s.ok('kpResolution', kpid=kp)['slots'][0]
        equal([h['kind'] for h in s.ok('why', kref=thing)['holders']], ['export', 'resolution'])
        s.ok('kpRelease', kpid=kp)
        s.ok('gc')
        s.refuses('NOT_FOUND', thing, 'why', kref=thing)
        s.end()
    good(dir.store)


@case
def figures_of_collections(dir):
    path = config(dir)
    with Serve(path, '--gc', 'prompt', '--worker', 'local') as s:  # processes have no clock
        s.ok('run')
        maker = s.ok('getRootObject', vat='maker')
        s.ok('queueToVatRoot', vat='holder', method='fetch', capdata={
            'body': '#["$0.Alleged: root",25]', 'slots': [maker]})
        s.ok('run')
        s.send('holder', 'letGo')
        s.ok('run')
        stats = s.ok('stats')
        s.end()
    want(stats['collections'] > 25 and stats['deadReferences'] >= 25 and
         stats['deadPerCollectionMax'] >= 25, stats)
    want(0 < stats['collectionPauseP50Us'] <= stats['collectionPauseP99Us'] <=
         stats['collectionPauseMaxUs'], stats)
    with Serve(dir.store) as s:
        s.send('holder', 'count')
        s.ok('step')
        s.ok('step')  # the holder is replayed, with all its collections, and they do not count
        equal(s.ok('stats')['collections'], 0)
        s.end()
    equal(list(dump(dir.store)['stats'])[-1], 'vatsTerminating')


main()
