/* What a module that was transformed for SES imports by name. Its program is
 *
 *     ({ imports: $i, … }) => (function () { 'use strict'; let a; $i([
 *         ["./x.js", [["a", [$v => (a = $v)]], …]], …]); … })()
 *
 * and the one call with a list of that shape says it all. */
#include "engine/module.h"

typedef struct walk {
    txParser *parser;
    cs_scan *scan;
    bool is_found;
} walk;

static const txNode *items_of(const txNode *node)
{
    return node == NULL || node->description->token != XS_TOKEN_ARRAY
               ? NULL
               : ((const txArrayNode *)node)->items->first;
}

static const txStringNode *string_of(const txNode *node)
{
    return node == NULL || node->description->token != XS_TOKEN_STRING ? NULL
                                                                       : (const txStringNode *)node;
}

/* ["specifier", […]] */
static bool is_record(const txNode *node)
{
    const txNode *first = items_of(node);
    return string_of(first) != NULL && first->next != NULL &&
           first->next->description->token == XS_TOKEN_ARRAY && first->next->next == NULL;
}

static bool is_list(const txNode *node)
{
    if (node == NULL || node->next != NULL || node->description->token != XS_TOKEN_ARRAY)
        return false;
    for (const txNode *i = items_of(node); i != NULL; i = i->next)
        if (!is_record(i))
            return false;
    return true;
}

static void add_record(cs_scan *s, const txNode *record)
{
    const txNode *specifier = items_of(record);
    uint32_t i = cs_specifier_put(&s->arena, &s->specifiers, &s->specifier_count,
                                  cs_parse_text(&s->arena, string_of(specifier)->value),
                                  (uint32_t)record->line);
    cs_specifier *to = &s->specifiers[i];
    for (const txNode *n = items_of(specifier->next); n != NULL; n = n->next) {
        const txStringNode *name = string_of(items_of(n));
        if (name == NULL)
            continue;
        const char **place =
            cs_arena_append(&s->arena, (void **)&to->names, &to->name_count, sizeof *place);
        *place = cs_parse_text(&s->arena, name->value);
    }
}

static void visit_node(void *it, void *arg)
{
    walk *w = arg;
    const txNode *node = it;
    if (node == NULL || node->description == NULL || w->is_found)
        return;
    fxCheckParserStack(w->parser, node->line);
    if (node->description->token == XS_TOKEN_CALL) {
        const txNode *params = ((const txCallNewNode *)node)->params;
        const txNode *first = params->description->token == XS_TOKEN_PARAMS
                                  ? ((const txParamsNode *)params)->items->first
                                  : NULL;
        w->is_found = is_list(first);
        for (const txNode *i = items_of(first); w->is_found && i != NULL; i = i->next)
            add_record(w->scan, i);
    }
    cs_parse_children((txNode *)(uintptr_t)node, visit_node, w);
}

static void visit(txParser *parser, txNode *root, void *arg)
{
    walk w = { .parser = parser, .scan = arg };
    visit_node(root, &w);
}

cs_status cs_functor_scan(const char *name, cs_bytes program, cs_scan *ret, cs_error *err)
{
    cs_scan s = { 0 };
    cs_parse p = {
        .name = name, .source = program, .flags = mxProgramFlag, .visit = visit, .arg = &s
    };
    cs_status st = cs_parse_run(&p, err);
    if (st == CS_OK)
        *ret = s;
    else
        cs_scan_fini(&s);
    return st;
}
