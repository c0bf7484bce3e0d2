/* Presences as keys of weak collections: one that nobody holds may come back, and finds what was stored
 * under it (S8). And all of this against a model. */
#include "engine_fixture.h"

#include "engine/handled_promise.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static void a_presence_that_comes_back_finds_its_entries(void **state)
{
    (void)state;
    fixture f;
    peers_init(&f);
    (void)eval(&f, "const m = new WeakMap(), s = new WeakSet(), other = new WeakMap(); let held");
    (void)with_peer(&f,
                    "peer => { m.set(peer(0), { text: 'zero', list: [0n, 1n] }); s.add(peer(1));"
                    "other.set(peer(2), peer(3)); m.set(peer(4), peer(4)); held = peer(5);"
                    "m.set(peer(5), 5); m.set(peer(6), { get me() { return held } }) }");
    assert_int_equal(peers.count, 7);
    churn(&f);
    /* 3 is the value of a living entry; so is 4, which thereby holds itself. */
    static const uint8_t expected[] = { PEER_KEPT, PEER_KEPT, PEER_KEPT, PEER_HELD,
                                        PEER_HELD, PEER_HELD, PEER_KEPT };
    assert_memory_equal(peers.state, expected, sizeof expected);
    assert_string_equal(with_peer(&f,
                                  "peer => `${m.get(peer(0)).text} ${m.get(peer(0)).list}"
                                  " ${s.has(peer(1))} ${m.has(peer(1))} ${other.has(peer(2))}"
                                  " ${other.get(peer(2)) === peer(3)} ${m.get(peer(4)) === peer(4)}"
                                  " ${m.get(peer(5))} ${m.get(peer(6)).me === peer(5)}`"),
                        "zero 0,1 true false true true true 5 true");
    (void)with_peer(&f, "peer => { m.delete(peer(0)); m.delete(peer(4)); s.delete(peer(1)) }");
    churn(&f);
    static const uint8_t later[] = { PEER_NONE, PEER_NONE, PEER_KEPT, PEER_HELD,
                                     PEER_NONE, PEER_HELD, PEER_KEPT };
    assert_memory_equal(peers.state, later, sizeof later);
    assert_string_equal(
        with_peer(&f, "peer => `${m.has(peer(0))} ${s.has(peer(1))} ${m.has(peer(4))}`"),
        "false false false");
    fixture_fini(&f);
}

static void a_dead_collection_recognises_nothing(void **state)
{
    (void)state;
    fixture f;
    peers_init(&f);
    (void)eval(&f, "let m = new WeakMap(), s = new WeakSet()");
    (void)with_peer(&f, "peer => { m.set(peer(0), {}); s.add(peer(0)); s.add(peer(1)) }");
    (void)eval(&f, "m = undefined");
    churn(&f);
    assert_int_equal(peers.kept, 2);
    (void)eval(&f, "s = undefined");
    churn(&f);
    assert_int_equal(peers.kept, 0);
    assert_null(peers.slot[0]);
    assert_null(peers.slot[1]);
    fixture_fini(&f);
}

/* Its slot becomes something else: an entry that still pointed there would live or die with that. */
static void a_presence_that_is_not_kept_takes_its_entries_with_it(void **state)
{
    (void)state;
    fixture f;
    peers_init(&f);
    (void)eval(&f, "const kept = [], m = new WeakMap(), s = new WeakSet()");
    assert_ok(cs_heap_collect(f.heap));
    assert_ok(cs_heap_collect(f.heap));
    uint64_t before = cs_heap_read_figures(f.heap).live_bytes;
    (void)with_peer(&f, "peer => { for (let i = 0; i < 200; i++) { m.set(peer(i), [peer(200 + i)]);"
                        " s.add(peer(i)) } }");
    peers.keeps_none = true;
    assert_ok(cs_heap_collect(f.heap));
    assert_null(peers.slot[0]);
    assert_int_equal(peers.state[200], PEER_HELD);
    (void)eval(&f, "for (let i = 0; i < 3000; i++) kept.push({})");
    assert_ok(cs_heap_collect(f.heap));
    for (size_t i = 0; i < 400; i++)
        assert_null(peers.slot[i]);
    (void)eval(&f, "kept.length = 0");
    assert_ok(cs_heap_collect(f.heap));
    assert_in_range(cs_heap_read_figures(f.heap).live_bytes, before, before + 256);
    assert_string_equal(with_peer(&f, "peer => { let n = 0; for (let i = 0; i < 200; i++)"
                                      " n += m.has(peer(i)) + s.has(peer(i)); return n }"),
                        "0");
    fixture_fini(&f);
}

/* retireImports: the entries die in the next collection, and what they hold with them. Whether an
 * organic one came between makes no difference. */
static void a_retired_presence_is_a_key_like_any_other(void **state)
{
    (void)state;
    for (int organic = 0; organic < 2; organic++) {
        fixture f;
        peers_init(&f);
        (void)eval(&f, "const m = new WeakMap()");
        (void)with_peer(&f, "peer => { m.set(peer(0), peer(1)); m.set(peer(2), peer(3)) }");
        assert_ok(cs_heap_collect(f.heap));
        assert_int_equal(peers.kept, 2);
        cs_presence_retire(peers.slot[0]);
        assert_int_equal(cs_presence_handle(peers.slot[0]), 1);
        peers.slot[0] = NULL;
        peers.state[0] = PEER_NONE;
        if (organic)
            (void)eval(&f, "for (let i = 0; i < 3000; i++) [i, { i }]; 1");
        assert_ok(cs_heap_collect(f.heap));
        assert_null(peers.slot[1]);
        assert_int_equal(peers.state[2], PEER_KEPT);
        assert_int_equal(peers.state[3], PEER_HELD);
        fixture_fini(&f);
    }
}

/* One that the owner forgets without a word lasts until the next forced collection, not until some
 * organic one. */
static void organic_collections_kill_no_key(void **state)
{
    (void)state;
    for (int organic = 0; organic < 2; organic++) {
        fixture f;
        peers_init(&f);
        (void)eval(&f, "const m = new WeakMap()");
        (void)with_peer(&f, "peer => { m.set(peer(0), peer(1)) }");
        assert_ok(cs_heap_collect(f.heap));
        peers.slot[0] = NULL;
        peers.keeps_none = true;
        if (organic)
            (void)eval(&f, "for (let i = 0; i < 3000; i++) [i, { i }]; 1");
        assert_ok(cs_heap_collect(f.heap));
        assert_int_equal(peers.state[1], PEER_HELD);
        assert_ok(cs_heap_collect(f.heap));
        assert_null(peers.slot[1]);
        fixture_fini(&f);
    }
}

/* What hangs on a kept presence makes others recognised: a private field, an entry of its promise. Who
 * asks only once loses those. */
static void recognition_is_asked_for_until_there_is_no_more(void **state)
{
    (void)state;
    for (int once = 0; once < 2; once++) {
        fixture f;
        peers_init(&f);
        peers.asks_once = once == 1;
        (void)eval(&f, "class Base { constructor(o) { return o } }"
                       "class Stamp extends Base { #map = new WeakMap();"
                       " static of(p) { return p.#map } }"
                       "const m = new WeakMap()");
        (void)with_peer(
            &f, "peer => { m.set(peer(3), 1); new Stamp(peer(3));"
                "Stamp.of(peer(3)).set(peer(2), 2); new Stamp(peer(2));"
                "Stamp.of(peer(2)).set(peer(1), 'found');"
                "m.set(HandledPromise.resolve(peer(1)), new WeakMap([[peer(0), 'too']])) }");
        churn(&f);
        assert_int_equal(peers.state[3], PEER_KEPT);
        assert_int_equal(peers.state[0], once == 1 ? PEER_NONE : PEER_KEPT);
        if (once == 0)
            assert_string_equal(
                with_peer(&f, "peer => Stamp.of(Stamp.of(peer(3)) && peer(2)).get(peer(1)) + ' ' +"
                              " m.get(HandledPromise.resolve(peer(1))).get(peer(0))"),
                "found too");
        fixture_fini(&f);
    }
}

/* The value of each entry is the only holder of the next map. */
static void long_chains_of_entries_are_kept(void **state)
{
    (void)state;
    fixture f;
    peers_init(&f);
    (void)eval(&f, "const first = new WeakMap()");
    (void)with_peer(&f, "peer => { let m = first; for (let i = 0; i < 100000; i++) {"
                        " const n = new WeakMap(); m.set(peer(i), i % 2 ? n : [n]); m = n } }");
    for (int i = 0; i < 2; i++) {
        assert_ok(cs_heap_collect(f.heap));
        assert_int_equal(peers.kept, 100000);
    }
    assert_string_equal(with_peer(&f,
                                  "peer => { let m = first, i = 0; for (; m.has(peer(i)); i++) {"
                                  " const n = m.get(peer(i)); m = i % 2 ? n : n[0] } return i }"),
                        "100000");
    fixture_fini(&f);
}

static double seconds(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double time_of_entries(int count)
{
    fixture f;
    char source[256];
    peers_init(&f);
    (void)eval(&f, "const m = new WeakMap(), s = new WeakSet()");
    (void)snprintf(source, sizeof source,
                   "peer => { for (let i = 0; i < %d; i++) { m.set(peer(i), i); s.add(peer(i)) } }",
                   count);
    (void)with_peer(&f, source);
    assert_ok(cs_heap_collect(f.heap));
    double began = seconds();
    assert_ok(cs_heap_collect(f.heap));
    double took = seconds() - began;
    assert_int_equal(peers.kept, count);
    fixture_fini(&f);
    return took;
}

static void entries_cost_linear_time(void **state)
{
    (void)state;
    double few = time_of_entries(PEERS_MAX / 10), many = time_of_entries(PEERS_MAX);
    assert_true(many < few * 40);
}

/* --- against a model -------------------------------------------------------------------------------- */

/* Presences, maps and plain objects, of which some are held, and what each map has under each of them.
 * All are in the owner's weak table. What a forced collection leaves must be what the model says, and
 * the same, to the byte, in a heap that collects organically before each operation. */
enum { PRESENCES = 5, MAPS = 4, NODES = 12, OPERATIONS = 60, NOTHING = -1 };
typedef struct graph {
    bool exists[NODES], held[NODES], live[NODES];
    int value[MAPS][NODES]; /* by map and key */
} graph;

static int map_of(int m)
{
    return PRESENCES + m;
}

static void graph_remove(graph *g, int node)
{
    g->exists[node] = g->held[node] = false;
    for (int m = 0; m < MAPS; m++)
        for (int key = 0; key < NODES; key++)
            if (map_of(m) == node || key == node)
                g->value[m][key] = NOTHING;
}

/* The value of an entry lives if its map does, and its key does or may come back. */
static bool graph_spread(graph *g)
{
    bool more = false;
    for (int m = 0; m < MAPS; m++)
        for (int key = 0; key < NODES; key++) {
            int v = g->value[m][key];
            if (v == NOTHING || !g->live[map_of(m)] || (key >= PRESENCES && !g->live[key]))
                continue;
            more = more || !g->live[v];
            g->live[v] = true;
        }
    return more;
}

static bool graph_recognizes(const graph *g, int node)
{
    for (int m = 0; m < MAPS; m++)
        if (node < PRESENCES && g->live[map_of(m)] && g->value[m][node] != NOTHING)
            return true;
    return false;
}

static void graph_collect(graph *g)
{
    memcpy(g->live, g->held, sizeof g->live);
    while (graph_spread(g))
        continue;
    bool dead[NODES];
    for (int i = 0; i < NODES; i++)
        dead[i] = !g->live[i] && !graph_recognizes(g, i);
    for (int i = 0; i < NODES; i++)
        if (dead[i])
            graph_remove(g, i);
}

enum { HOLD, RELEASE, PUT, DELETE, COLLECT, RETIRE };
typedef struct operation {
    int kind, map, key, value;
} operation;

typedef struct walk {
    fixture f;
    graph g;
    uint64_t live_bytes[OPERATIONS];
} walk;

/* The instance of a node, made anew if it is dead. */
static cs_slot *node(walk *w, int i)
{
    char source[64];
    if (w->g.exists[i])
        return peers.slot[i];
    (void)snprintf(source, sizeof source, i < PRESENCES ? "peer => peer(%d)" : "%d, () => %s", i,
                   i < map_of(MAPS) ? "new WeakMap()" : "({})");
    w->g.exists[i] = apply(&w->f, source, NULL, 0) == CS_OK;
    return peers.slot[i] = w->f.instance;
}

static cs_status hold(walk *w, int i, bool holds)
{
    char source[64];
    cs_slot *o = node(w, i);
    w->g.held[i] = holds;
    (void)snprintf(source, sizeof source, "(peer, o) => { held[%d] = %s }", i, holds ? "o" : "0");
    return apply(&w->f, source, &o, 1);
}

static cs_status put(walk *w, const operation *o)
{
    cs_slot *args[] = { node(w, map_of(o->map)), node(w, o->key), node(w, o->value) };
    w->g.value[o->map][o->key] = o->kind == PUT ? o->value : NOTHING;
    return apply(
        &w->f, o->kind == PUT ? "(_, m, k, v) => { m.set(k, v) }" : "(_, m, k) => { m.delete(k) }",
        args, 3);
}

static const char *collect_and_compare(walk *w)
{
    (void)cs_heap_collect(w->f.heap);
    graph_collect(&w->g);
    for (int i = 0; i < NODES; i++) {
        if (w->g.exists[i] != (peers.slot[i] != NULL))
            return w->g.exists[i] ? "died early" : "died late";
        if (w->g.exists[i] && w->g.live[i] != (peers.state[i] == PEER_HELD))
            return "is held or not";
    }
    return NULL;
}

static void retire(walk *w, int i)
{
    if (i >= PRESENCES || !w->g.exists[i] || w->g.live[i])
        return;
    cs_presence_retire(peers.slot[i]);
    peers.slot[i] = NULL;
    graph_remove(&w->g, i);
}

static const char *take_step(walk *w, const operation *o)
{
    const char *wrong = NULL;
    cs_status st = CS_OK;
    if (o->kind == HOLD || o->kind == RELEASE)
        st = hold(w, o->value, o->kind == HOLD);
    else if (o->kind == PUT || o->kind == DELETE)
        st = put(w, o);
    else
        wrong = collect_and_compare(w);
    if (o->kind == RETIRE)
        retire(w, o->value);
    return st != CS_OK ? w->f.err.text : wrong;
}

/* The loop takes more slots than a new heap has. */
static const char *take_walk(walk *w, const operation *operations, bool organic)
{
    static const char *const garbage[] = { "for (let i = 0; i < 1; i++) [i]",
                                           "for (let i = 0; i < 999; i++) [i]" };
    const char *wrong = NULL;
    memset(w, 0, sizeof *w);
    memset(w->g.value, NOTHING, sizeof w->g.value);
    peers_init(&w->f);
    peers.count = NODES;
    cs_status st = run(&w->f, "const held = []");
    for (int i = 0; i < OPERATIONS && wrong == NULL && st == CS_OK; i++) {
        st = run(&w->f, garbage[organic]);
        wrong = take_step(w, &operations[i]);
        w->live_bytes[i] = cs_heap_read_figures(w->f.heap).live_bytes;
    }
    fixture_fini(&w->f);
    return st != CS_OK ? "a run failed" : wrong;
}

static const char *deaths_are_as_the_model_says(tape *t, void *ctx)
{
    (void)ctx;
    static walk calm, busy;
    operation operations[OPERATIONS];
    static const int kinds[] = { PUT, PUT, PUT, HOLD, HOLD, RELEASE, DELETE, COLLECT, RETIRE };
    for (int i = 0; i < OPERATIONS; i++)
        operations[i] = (operation){ tape_pick(t, kinds), (int)tape_below(t, MAPS),
                                     (int)tape_below(t, NODES), (int)tape_below(t, NODES) };
    const char *wrong = take_walk(&calm, operations, false);
    if (wrong == NULL)
        wrong = take_walk(&busy, operations, true);
    if (wrong == NULL && memcmp(calm.live_bytes, busy.live_bytes, sizeof calm.live_bytes) != 0)
        wrong = "what lives depends on organic collections";
    return wrong;
}

static void collections_follow_the_model(void **state)
{
    (void)state;
    t_property(deaths_are_as_the_model_says, NULL, 30);
}

T_MAIN(T(a_presence_that_comes_back_finds_its_entries), T(a_dead_collection_recognises_nothing),
       T(a_presence_that_is_not_kept_takes_its_entries_with_it),
       T(a_retired_presence_is_a_key_like_any_other), T(organic_collections_kill_no_key),
       T(recognition_is_asked_for_until_there_is_no_more), T(long_chains_of_entries_are_kept),
       T(entries_cost_linear_time), T(collections_follow_the_model))
