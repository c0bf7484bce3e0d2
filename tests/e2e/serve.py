#!/usr/bin/env python3
"""capstan serve: every command, with right and with wrong arguments. Prints TAP, 1..N."""
import json
import os

from e2e import *

NAMES = ('step', 'run', 'commit', 'queueToVatRoot', 'queueToVatObject', 'kpStatus', 'kpResolution',
         'kpRelease', 'vatNameToID', 'getRootObject', 'pinVatRoot', 'unpinVatRoot', 'terminateVat',
         'installBundle', 'reapAllVats', 'gc', 'why', 'changeKernelOptions', 'dump', 'log', 'stats', 'activityHash',
         'shutdown')


@case
def a_conversation(dir):
    base = dir.basedir(BUSY, a=ANSWERING)
    with Serve(base) as s:
        equal(s.ok('step'), {'cranks': 1})
        part = s.ok('run', maxCranks=3)
        equal((part['cranks'], part['quiet']), (3, False))
        rest = s.ok('run')
        want(rest['quiet'] and rest['cranks'] > 20 and rest['computrons'] > 0, rest)
        equal(s.ok('step'), {'cranks': 0})
        equal(s.ok('log'), ['hi %d' % i for i in range(20)])
        equal(s.ok('log', **{'from': 18}), ['hi 18', 'hi 19'])
        equal(s.ok('log', **{'from': 99}), [])
        kp = s.send('a', 'count')
        equal(s.ok('kpStatus', kpid=kp), 'unresolved')
        s.refuses('NOT_FOUND', 'not settled yet', 'kpResolution', kpid=kp)
        s.ok('run')
        equal(s.ok('kpStatus', kpid=kp), 'fulfilled')
        equal(s.ok('kpResolution', kpid=kp), {'body': '#21', 'slots': []})
        equal(s.ok('kpRelease', kpid=kp), True)
        s.refuses('NOT_FOUND', kp, 'kpStatus', kpid=kp)
        equal(s.ok('commit'), True)
        equal(s.ok('activityHash'), dump(dir.store)['activityHash'])
        equal(s.ok('dump'), dump(dir.store))
        equal(stored(s.ok('stats')), dump(dir.store)['stats'])
        equal(s.ok('shutdown'), True)
        equal(s.end(), '')
    good(dir.store)


@case
def objects_and_references(dir):
    store = busy(dir)
    with Serve(store, '--stdio') as s:
        equal(s.ok('vatNameToID', name='bootstrap'), 'v1')
        equal(s.ok('vatNameToID', name='a'), 'v2')
        equal(s.ok('vatNameToID', name='v2'), 'v2')
        a = s.ok('getRootObject', vat='a')
        want(a.startswith('ko'), a)
        kp = s.ok('queueToVatObject', kref=a, method='object')['kpid']
        s.ok('run')
        thing = s.ok('kpResolution', kpid=kp)
        equal(len(thing['slots']), 1)
        kp2 = s.ok('queueToVatObject', kref=thing['slots'][0], method='hi', args=[],
                   policy='logAlways')['kpid']
        kp3 = s.ok('queueToVatRoot', vat='a', method='echo', policy='logFailure',
                   capdata={'body': '#[{"x":"$0.Alleged: thing"},"#undefined"]',
                            'slots': thing['slots']})['kpid']
        kp4 = s.ok('queueToVatObject', kref=kp, method='hi')['kpid']  # to a promise
        s.ok('run')
        equal(s.ok('kpResolution', kpid=kp2), {'body': '#"hi"', 'slots': []})
        equal(s.ok('kpResolution', kpid=kp4), {'body': '#"hi"', 'slots': []})
        back = s.ok('kpResolution', kpid=kp3)
        equal(back['slots'], thing['slots'])
        want('#undefined' in back['body'], back)
        equal(s.ok('pinVatRoot', vat='a'), True)
        rejected = s.send('a', 'fail', 'oops')
        s.ok('run')
        equal(s.ok('kpStatus', kpid=rejected), 'rejected')
        want('oops' in s.ok('kpResolution', kpid=rejected)['body'], '')
        err = s.end()
        want(kp2 in err or 'hi' in err, 'logAlways says it', err)
    good(store)


@case
def wrong_requests_change_nothing(dir):
    store = busy(dir)
    before = state(store)
    with Serve(store) as s:
        for line, says in (('oops', 'JSON'), ('', None), ('5', 'a request is'), ('[]', 'a request is'),
                           ('{}', 'a request is'), ('{"id":1}', 'a request is'), ('null', ''),
                           ('{"cmd":5}', 'a request is'), ('"' + 'x' * 100000, 'JSON'),
                           ('[' * 100000, 'JSON'), ('{"id":1,"cmd":"step"', 'JSON')):
            if says is None:
                continue
            answer = s.line(line)
            equal((answer['id'] if line != '{"id":1}' else None, answer['error']['code']),
                  (None, 'USAGE'), line)
            want(says in answer['error']['text'], answer)
        answer = s.line('{"id":{"any":["thing"]},"cmd":"nonsense"}')
        equal((answer['id'], answer['error']['text']), ({'any': ['thing']},
                                                        "unknown command 'nonsense'"))
        for cmd, wrong in (
                ('run', [{'maxCranks': '5'}, {'maxCranks': -1}, {'maxMillis': 1.5},
                         {'maxComputrons': None}]),
                ('log', [{'from': 'x'}, {'from': -1}]),
                ('queueToVatRoot', [{}, {'vat': 'a'}, {'method': 'm'}, {'vat': 5, 'method': 'm'},
                                    {'vat': 'a', 'method': ''}, {'vat': 'a', 'method': 5},
                                    {'vat': 'a', 'method': 'm', 'args': {}},
                                    {'vat': 'a', 'method': 'm', 'args': 'x'},
                                    {'vat': 'a', 'method': 'm', 'policy': 'shout'},
                                    {'vat': 'a', 'method': 'm', 'policy': 5},
                                    {'vat': 'a', 'method': 'm', 'capdata': {}},
                                    {'vat': 'a', 'method': 'm', 'capdata': 'x'},
                                    {'vat': 'a', 'method': 'm', 'capdata': {'body': '#{}', 'slots': []}},
                                    {'vat': 'a', 'method': 'm', 'capdata': {'body': '#[', 'slots': []}},
                                    {'vat': 'a', 'method': 'm', 'capdata': {'body': '[]', 'slots': []}},
                                    {'vat': 'a', 'method': 'm', 'capdata': {'body': '#[]', 'slots': [5]}},
                                    {'vat': 'a', 'method': 'm',
                                     'capdata': {'body': '#[]', 'slots': ['o+1']}}]),
                ('queueToVatObject', [{}, {'kref': 'ko20'}, {'kref': 'nonsense', 'method': 'm'},
                                      {'kref': 'ko', 'method': 'm'}, {'kref': 'ko-5', 'method': 'm'},
                                      {'kref': 'ko99999999999999999999', 'method': 'm'}]),
                ('kpStatus', [{}, {'kpid': 'ko20'}, {'kpid': 5}, {'kpid': 'kp'}]),
                ('kpResolution', [{}, {'kpid': 'x'}]),
                ('kpRelease', [{}, {'kpid': 'ko20'}]),
                ('vatNameToID', [{}, {'name': 5}]),
                ('getRootObject', [{}]),
                ('pinVatRoot', [{}]),
                ('unpinVatRoot', [{}, {'vat': 5}]),
                ('gc', [{'vat': 5}, {'vat': None}, {'vat': ['a']}]),
                ('why', [{}, {'kref': 5}, {'kref': 'nonsense'}, {'kref': 'o-50'}, {'kref': 'v1'},
                         {'kref': 'ko'}, {'kref': 'ko020'}, {'kref': 'ko99999999999999999999'}]),
                ('changeKernelOptions',
                 [{key: value} for key in ('defaultReapInterval', 'defaultReapGCKrefs')
                  for value in (0, -1, 1.5, '5', 'Never', None, True, [1])]),
                ('terminateVat', [{}])):
            for request in wrong:
                answer = s.ask(cmd, **request)
                want(answer.get('error', {}).get('code') in ('USAGE', 'NOT_FOUND') and
                     answer['error']['text'], cmd, request, answer)
        for cmd, request in (
                ('queueToVatRoot', {'vat': 'nobody', 'method': 'm'}),
                ('queueToVatObject', {'kref': 'ko9999', 'method': 'm'}),
                ('queueToVatObject', {'kref': 'kp9999', 'method': 'm'}),
                ('queueToVatRoot', {'vat': 'a', 'method': 'm',
                                    'capdata': {'body': '#["$0"]', 'slots': ['ko9999']}}),
                ('kpStatus', {'kpid': 'kp9999'}), ('kpResolution', {'kpid': 'kp9999'}),
                ('kpRelease', {'kpid': 'kp9999'}), ('vatNameToID', {'name': 'nobody'}),
                ('getRootObject', {'vat': 'nobody'}), ('pinVatRoot', {'vat': 'nobody'}),
                ('unpinVatRoot', {'vat': 'nobody'}), ('unpinVatRoot', {'vat': 'a'}),
                ('gc', {'vat': 'nobody'}), ('why', {'kref': 'ko9999'}), ('why', {'kref': 'kp9999'}),
                ('why', {'kref': 'kd30'}), ('terminateVat', {'vat': 'nobody'})):
            s.refuses('NOT_FOUND', '', cmd, **request)
        equal(s.ok('dump'), before[0])
        s.end()
    same_state(state(store), before)
    good(store)


@case
def malformed_arguments_reach_no_vat(dir):
    """A body that is no smallcaps is refused, or its message is rejected: nobody ends."""
    store = busy(dir)
    with Serve(store) as s:
        for body in ('#[oops]', '#["$0"]', '#["$5"]', '#["&0"]', '#["+"]', '#["#nonsense"]', '#[{"#tag":5}]',
                     '#[{"#error":5}]', '#["-"]', '#["%x"]', '#[1]garbage', '#["$0.Alleged: x"]',
                     '#["\\ud800"]', '#[' + '[' * 3000 + ']' * 3000 + ']', '#["\u00e4"]', '#[1e999]'):
            answer = s.ask('queueToVatRoot', vat='a', method='echo',
                           capdata={'body': body, 'slots': []})
            if 'ok' in answer:
                want(s.ok('run')['quiet'], body)
                want(s.ok('kpStatus', kpid=answer['ok']['kpid']) != 'unresolved', body)
                s.ok('kpRelease', kpid=answer['ok']['kpid'])
        equal([v['status'] for v in s.ok('dump')['vats']], ['running'] * 3)
        kp = s.send('a', 'count')
        s.ok('run')
        equal(s.ok('kpResolution', kpid=kp)['body'], '#21')
        s.ok('kpRelease', kpid=kp)
        s.end()
    good(store)


@case
def a_vat_is_terminated(dir):
    store = busy(dir)
    with Serve(store) as s:
        kp = s.send('a', 'never')
        s.ok('run')
        equal(s.ok('kpStatus', kpid=kp), 'unresolved')
        equal(s.ok('terminateVat', vat='a', reason='enough of it'), True)
        for wrong in -1, 1.5, 'all', [], {'exports': 0}, {'exports': -1}, {'exports': '5'}, {'queue': 5}:
            s.refuses('USAGE', 'cleanup is a whole number', 'run', cleanup=wrong)
        s.ok('run', cleanup=0)
        vats = {v['name']: v for v in s.ok('dump')['vats']}
        equal(vats['a']['status'], 'terminated')
        want('enough of it' in vats['a']['ending'], vats)
        entries = s.ok('stats')['clistEntries']
        s.ok('run', cleanup={'exports': 1, 'default': 1000}, maxCranks=1)
        equal(s.ok('stats')['clistEntries'], entries - 1)
        s.ok('run', cleanup={})
        want('a' not in [v['name'] for v in s.ok('dump')['vats']], 'it is forgotten')
        equal(s.ok('kpStatus', kpid=kp), 'rejected')
        want('vat terminated' in s.ok('kpResolution', kpid=kp)['body'], '')
        s.refuses('DEAD', 'terminated', 'terminateVat', vat='a')
        s.refuses('DEAD', 'terminated', 'queueToVatRoot', vat='a', method='count')
        s.refuses('DEAD', 'terminated', 'getRootObject', vat='a')
        s.end()
    good(store)
    refused(REJECTED, 'terminated', capstan('call', store, 'a', 'count'))


@case
def a_panic_stops_the_kernel(dir):
    store = busy(dir)
    before = None
    with Serve(store) as s:
        s.ok('queueToVatRoot', vat='a', method='fail', args=['oops'], policy='panic')
        s.refuses('PANIC', 'oops', 'run')
        s.refuses('PANIC', '', 'run')
        s.refuses('PANIC', '', 'step')
        before = s.ok('dump')
    want(before, '')


@case
def a_critical_vat_that_ends_is_a_panic(dir):
    dir.basedir(a=ANSWERING, boss=root("end() { for (;;); }"))
    dir.file('config.json', json.dumps({'vats': {
        'a': {'sourceSpec': './vat-a.js'},
        'boss': {'sourceSpec': './vat-boss.js', 'creationOptions': {'critical': True}}}}))
    exits(QUIET, capstan('run', dir / 'config.json'))
    with Serve(dir.store) as s:
        for _ in range(2):
            s.refuses('PANIC', 'critical vat ended: v2: by the host: enough', 'terminateVat', vat='boss',
                      reason='enough')
        s.refuses('PANIC', 'critical vat ended: v2', 'terminateVat', vat='a')
        s.refuses('PANIC', 'critical vat ended: v2', 'run')
    r = capstan('run', dir / 'config.json')
    want(r.code in (QUIET, PANIC), r)


@case
def limits_of_a_run(dir):
    base = dir.basedir(BUSY, a=ANSWERING)
    with Serve(base, '--store', dir / '1.db') as s:
        part = s.ok('run', maxComputrons=1)
        want(not part['quiet'] and part['computrons'] >= 1, part)
        for _ in range(1000):
            if s.ok('run', maxCranks=7)['quiet']:
                break
        want(s.ok('run', maxMillis=1)['quiet'], '')
        first = s.ok('dump')
        s.end()
    with Serve(base, '--store', dir / '2.db') as s:
        s.ok('run')
        equal(s.ok('dump'), first)
        s.end()


@case
def what_is_not_committed_is_lost_with_the_process(dir):
    store = busy(dir)
    before = state(store)
    with Serve(store) as s:
        s.send('a', 'count')
        s.ok('step')
        same_state(state(store), before)
        s.p.kill()
        s.p.wait()
    same_state(state(store), before)
    with Serve(store) as s:
        s.send('a', 'count')
        s.end()  # the end of input is a shutdown
    prints(['22'], capstan('call', store, 'a', 'count'))


@case
def the_help_names_every_command(dir):
    r = exits(QUIET, capstan('serve', '--help'))
    for name in NAMES:
        want(name in r.out, name)


main()
