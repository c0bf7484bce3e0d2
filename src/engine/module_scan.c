/* What stands at a module's border: what it takes from whom, and what it gives. Read off the
 * parser's tree before the parser resolves names; all texts are copied. */
#include "engine/module.h"

#include <string.h>

void *cs_arena_append(cs_arena *arena, void **items, uint32_t *count, size_t size)
{
    uint32_t n = (*count)++;
    if (n == 0 || (n >= 4 && (n & (n - 1)) == 0)) { /* full at 4, 8, 16, … */
        void *more = cs_arena_take_zero(arena, n == 0 ? 4 : (size_t)n * 2, size);
        if (n > 0)
            memcpy(more, *items, n * size);
        *items = more;
    }
    return (uint8_t *)*items + n * size;
}

uint32_t cs_specifier_put(cs_arena *arena, cs_specifier **items, uint32_t *count, const char *text,
                          uint32_t line)
{
    for (uint32_t i = 0; i < *count; i++)
        if (strcmp((*items)[i].text, text) == 0)
            return i;
    cs_specifier *s = cs_arena_append(arena, (void **)items, count, sizeof *s);
    *s = (cs_specifier){ .text = text, .line = line, .is_optional = true };
    return *count - 1;
}

/* Names stay as XS writes them; only specifiers become UTF-8. */
static const char *symbol_text(cs_border *b, const txSymbol *symbol)
{
    cs_bytes text = { 0 };
    if (symbol != NULL)
        text = (cs_bytes){ (const uint8_t *)symbol->string, strlen(symbol->string) + 1 };
    return symbol == NULL ? NULL : (const char *)cs_arena_copy(b->arena, text).data;
}

static uint32_t line_of(const txNode *node)
{
    return node->line > 0 ? (uint32_t)node->line : 1;
}

static uint32_t put(cs_border *b, const txStringNode *from)
{
    return cs_specifier_put(b->arena, &b->specifiers, &b->specifier_count,
                            cs_parse_text(b->arena, from->value), line_of((const txNode *)from));
}

/* --- import -------------------------------------------------------------------------------------- */

static void add_name(cs_border *b, uint32_t from, const char *name)
{
    cs_specifier *s = &b->specifiers[from];
    for (uint32_t i = 0; i < s->name_count; i++)
        if (strcmp(s->names[i], name) == 0)
            return;
    const char **place =
        cs_arena_append(b->arena, (void **)&s->names, &s->name_count, sizeof *place);
    *place = name;
}

static void add_take(cs_border *b, uint32_t from, const txSpecifierNode *node)
{
    cs_take *take = cs_arena_append(b->arena, (void **)&b->takes, &b->take_count, sizeof *take);
    take->name = symbol_text(b, node->symbol);
    take->local = node->asSymbol == NULL ? take->name : symbol_text(b, node->asSymbol);
    take->from = from;
    take->line = line_of((const txNode *)node);
    if (take->name != NULL)
        add_name(b, from, take->name);
}

static void visit_import(cs_border *b, const txImportNode *node)
{
    uint32_t from = put(b, (const txStringNode *)node->from);
    b->specifiers[from].is_optional = false;
    if (node->specifiers != NULL)
        for (txNode *i = node->specifiers->first; i != NULL; i = i->next)
            add_take(b, from, (const txSpecifierNode *)i);
}

/* --- export -------------------------------------------------------------------------------------- */

static void add_give(cs_border *b, uint32_t from, const txSpecifierNode *node)
{
    cs_give *give = cs_arena_append(b->arena, (void **)&b->gives, &b->give_count, sizeof *give);
    give->import = symbol_text(b, node->symbol);
    give->name = node->asSymbol == NULL ? give->import : symbol_text(b, node->asSymbol);
    give->from = from;
    give->line = line_of((const txNode *)node);
    if (from == CS_LOCAL)
        return;
    b->specifiers[from].is_reexported |= give->name == NULL;
    if (give->import != NULL)
        add_name(b, from, give->import);
}

static void visit_export(cs_border *b, const txExportNode *node)
{
    uint32_t from = CS_LOCAL;
    if (node->from != NULL) {
        from = put(b, (const txStringNode *)node->from);
        b->specifiers[from].is_optional = false;
    }
    if (node->specifiers != NULL)
        for (txNode *i = node->specifiers->first; i != NULL; i = i->next)
            add_give(b, from, (const txSpecifierNode *)i);
}

/* --- the tree ------------------------------------------------------------------------------------ */

typedef struct walk {
    txParser *parser;
    cs_border *border;
    uint32_t functions; /* around the node */
} walk;

static void visit_node(void *it, void *arg);

static void visit_function(walk *w, txNode *node)
{
    w->functions++;
    cs_parse_children(node, visit_node, w);
    w->functions--;
}

static void visit_await(walk *w, const txNode *node)
{
    if (w->functions == 0 && w->border->await_line == 0)
        w->border->await_line = line_of(node);
}

static void visit_node(void *it, void *arg)
{
    walk *w = arg;
    txNode *node = it;
    if (node == NULL || node->description == NULL)
        return;
    fxCheckParserStack(w->parser, node->line);
    txToken token = node->description->token;
    if (token == XS_TOKEN_IMPORT)
        visit_import(w->border, (const txImportNode *)node);
    else if (token == XS_TOKEN_EXPORT)
        visit_export(w->border, (const txExportNode *)node);
    else if (token == XS_TOKEN_AWAIT || token == XS_TOKEN_FOR_AWAIT_OF)
        visit_await(w, node);
    else if (token == XS_TOKEN_IMPORT_CALL &&
             ((txStatementNode *)node)->expression->description->token == XS_TOKEN_STRING)
        (void)put(w->border, (const txStringNode *)((txStatementNode *)node)->expression);
    if (token == XS_TOKEN_FUNCTION || token == XS_TOKEN_GENERATOR)
        visit_function(w, node);
    else
        cs_parse_children(node, visit_node, w);
}

void cs_border_visit(txParser *parser, txNode *root, void *arg)
{
    walk w = { .parser = parser, .border = arg };
    visit_node(root, &w);
}

/* --- for the host -------------------------------------------------------------------------------- */

cs_status cs_module_scan(const char *name, cs_bytes source, cs_scan *ret, cs_error *err)
{
    cs_scan s = { 0 };
    cs_border border = { .arena = &s.arena };
    cs_parse p = { .name = name, .source = source, .visit = cs_border_visit, .arg = &border };
    cs_status st = cs_parse_run(&p, err);
    if (st != CS_OK) {
        cs_scan_fini(&s);
        return st;
    }
    s.specifiers = border.specifiers;
    s.specifier_count = border.specifier_count;
    for (uint32_t i = 0; i < border.give_count; i++)
        if (border.gives[i].name != NULL) {
            const char **export =
                cs_arena_append(&s.arena, (void **)&s.exports, &s.export_count, sizeof *export);
            *export = border.gives[i].name;
        }
    *ret = s;
    return CS_OK;
}

void cs_scan_fini(cs_scan *s)
{
    cs_arena_fini(&s->arena);
    *s = (cs_scan){ 0 };
}
