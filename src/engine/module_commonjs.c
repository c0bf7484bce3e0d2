/* CommonJS: the text as a function in a module, and what can be seen of require() and exports without
 * running it. Like Node's lexer this is a guess: names that are computed are not found. */
#include "engine/module.h"

#include <string.h>

void cs_commonjs_wrap(cs_bytes source, cs_buf *ret)
{
    cs_buf_add_text(ret, "export default function (exports, require, module, __filename, "
                         "__dirname) {");
    if (cs_bytes_start_with(source, "#!"))
        cs_buf_add_text(ret, "//");
    cs_buf_add(ret, source.data, source.size);
    cs_buf_add_text(ret, "\n}");
}

typedef struct walk {
    txParser *parser;
    cs_scan *scan;
} walk;

/* --- shapes -------------------------------------------------------------------------------------- */

static bool is_token(const txNode *node, txToken token)
{
    return node != NULL && node->description->token == token;
}

static bool is_variable(const txNode *node, const char *name)
{
    return is_token(node, XS_TOKEN_ACCESS) &&
           strcmp(((const txAccessNode *)node)->symbol->string, name) == 0;
}

/* `object.name`, or NULL. */
static const txMemberNode *member(const txNode *node)
{
    return is_token(node, XS_TOKEN_MEMBER) ? (const txMemberNode *)node : NULL;
}

static bool is_module_exports(const txNode *node)
{
    const txMemberNode *m = member(node);
    return m != NULL && is_variable(m->reference, "module") &&
           strcmp(m->symbol->string, "exports") == 0;
}

static bool is_exports(const txNode *node)
{
    return is_variable(node, "exports") || is_module_exports(node);
}

/* The argument with that number, or NULL. */
static const txNode *argument(const txCallNewNode *call, int index)
{
    if (!is_token(call->params, XS_TOKEN_PARAMS))
        return NULL;
    const txNode *node = ((const txParamsNode *)call->params)->items->first;
    for (; node != NULL && index > 0; index--)
        node = node->next;
    return node;
}

/* The literal of `require('…')`, or NULL. */
static const txStringNode *required(const txNode *node)
{
    if (!is_token(node, XS_TOKEN_CALL))
        return NULL;
    const txCallNewNode *call = (const txCallNewNode *)node;
    const txNode *what = argument(call, 0);
    return is_variable(call->reference, "require") && is_token(what, XS_TOKEN_STRING)
               ? (const txStringNode *)what
               : NULL;
}

/* --- what is found ------------------------------------------------------------------------------- */

static cs_specifier *put_specifier(walk *w, const txStringNode *from)
{
    cs_scan *s = w->scan;
    uint32_t i = cs_specifier_put(&s->arena, &s->specifiers, &s->specifier_count,
                                  cs_parse_text(&s->arena, from->value), (uint32_t)from->line);
    return &s->specifiers[i];
}

static bool is_identifier(const char *name)
{
    for (const char *c = name; *c != 0; c++)
        if (!((*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || *c == '_' || *c == '$' ||
              (*c >= '0' && *c <= '9' && c > name)))
            return false;
    return *name != 0 && strcmp(name, "default") != 0;
}

static void put_export(walk *w, const char *name)
{
    cs_scan *s = w->scan;
    if (!is_identifier(name))
        return;
    for (uint32_t i = 0; i < s->export_count; i++)
        if (strcmp(s->exports[i], name) == 0)
            return;
    const char **place =
        cs_arena_append(&s->arena, (void **)&s->exports, &s->export_count, sizeof *place);
    *place = cs_parse_text(&s->arena, name);
}

/* exports.name = …; module.exports = { name, … }; module.exports = require('…') */
static void visit_assign(walk *w, const txAssignNode *node)
{
    const txMemberNode *target = member(node->reference);
    const txStringNode *from = required(node->value);
    if (is_module_exports(node->reference) && from != NULL)
        put_specifier(w, from)->is_reexported = true;
    else if (is_module_exports(node->reference) && is_token(node->value, XS_TOKEN_OBJECT))
        for (txNode *p = ((txObjectNode *)node->value)->items->first; p != NULL; p = p->next)
            if (is_token(p, XS_TOKEN_PROPERTY))
                put_export(w, ((txPropertyNode *)p)->symbol->string);
    if (target != NULL && is_exports(target->reference))
        put_export(w, target->symbol->string);
}

/* require('…'); Object.defineProperty(exports, 'name', …); __exportStar(require('…'), exports) */
static void visit_call(walk *w, const txCallNewNode *call)
{
    const txStringNode *from = required((const txNode *)call);
    const txMemberNode *method = member(call->reference);
    const txNode *first = argument(call, 0), *second = first == NULL ? NULL : first->next;
    if (from != NULL)
        (void)put_specifier(w, from);
    if (method != NULL && strcmp(method->symbol->string, "defineProperty") == 0 &&
        is_exports(first) && is_token(second, XS_TOKEN_STRING))
        put_export(w, ((const txStringNode *)second)->value);
    if (is_exports(second) && required(first) != NULL)
        put_specifier(w, required(first))->is_reexported = true;
}

static void visit_node(void *it, void *arg)
{
    walk *w = arg;
    txNode *node = it;
    if (node == NULL || node->description == NULL)
        return;
    fxCheckParserStack(w->parser, node->line);
    if (is_token(node, XS_TOKEN_ASSIGN))
        visit_assign(w, (txAssignNode *)node);
    else if (is_token(node, XS_TOKEN_CALL))
        visit_call(w, (txCallNewNode *)node);
    cs_parse_children(node, visit_node, w);
}

static void visit(txParser *parser, txNode *root, void *arg)
{
    walk w = { parser, arg };
    visit_node(root, &w);
}

cs_status cs_commonjs_scan(const char *name, cs_bytes source, cs_scan *ret, cs_error *err)
{
    cs_scan s = { 0 };
    cs_buf wrapped = { 0 };
    cs_commonjs_wrap(source, &wrapped);
    cs_parse p = { .name = name, .source = cs_buf_bytes(&wrapped), .visit = visit, .arg = &s };
    cs_status st = cs_parse_run(&p, err);
    cs_buf_fini(&wrapped);
    if (st == CS_OK)
        *ret = s;
    else
        cs_scan_fini(&s);
    return st;
}
