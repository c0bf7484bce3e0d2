/* For people with an SQL shell: each table once more, under the plural of its name, with references
 * as text. Capstan itself never reads these. The top bit of references is flipped, as SQL sees them
 * (schema.h), so their type, shifted down, is -1 for objects, 0 for promises and 1 for devices. */
#include "store/file.h"

#define TYPE(ref) "substr('opd',2+(" ref ">>62),1)"
#define ID "(kref&4611686018427387903)"
#define KREF "'k'||" TYPE("kref") "||" ID " AS kref"
#define FACET "CASE vref&127 WHEN 0 THEN '' ELSE ':'||((vref&127)-1) END"
#define VIRTUAL "((vref>>39)&1048575)||'/'||((vref>>7)&4294967295)||" FACET
#define SIGN "substr('-+',1+((vref>>61)&1),1)"
#define STORAGE "CASE (vref>>59)&3 WHEN 0 THEN "
#define NUMBER \
    STORAGE "(vref&576460752303423487) WHEN 1 THEN 'v'||" VIRTUAL " ELSE 'd'||" VIRTUAL " END"
#define VREF TYPE("vref") "||" SIGN "||" NUMBER " AS vref"
#define VAT_OR_NULL(vat) "CASE " vat " WHEN 0 THEN NULL ELSE 'v'||" vat " END AS " vat
#define TEXT(column) "CAST(" column " AS TEXT) AS " column
#define HEX(column) "lower(hex(" column ")) AS " column
#define VAT_STATUS "CASE status WHEN 1 THEN 'live' ELSE 'terminated' END AS status"
#define PROMISE_STATE \
    "CASE state WHEN 1 THEN 'unresolved' WHEN 2 THEN 'fulfilled' ELSE 'rejected' END AS state"
/* The kernel's own queues are 1 to 4, with the top bit flipped. */
#define QUEUE \
    "CASE queue WHEN 1-9223372036854775807-1 THEN 'acceptance'" \
    " WHEN 2-9223372036854775807-1 THEN 'run' WHEN 3-9223372036854775807-1 THEN 'reap'" \
    " WHEN 4-9223372036854775807-1 THEN 'lonely'" \
    " ELSE 'kp'||(queue&4611686018427387903) END AS queue"

#define GC_TYPE "CASE page>>60 WHEN 1 THEN 'drop' ELSE 'retire' END"
#define GC_OF "CASE page>>60 WHEN 3 THEN 'Import' ELSE 'Export' END"
#define GC_ACTION \
    "'v'||vat||' '||" GC_TYPE "||" GC_OF "||' ko'||((page&1152921504606846975)*32+bit) AS action"

static const struct {
    const char *name, *table, *columns;
} views[] = {
    { "vats", "vat",
      "'v'||vat AS vat," TEXT("name") "," VAT_STATUS ",incarnation,first_delivery,next_delivery,"
                                      "computrons,heap_bytes," TEXT("ending") "," HEX("bundle") },
    { "objects", "object_entries",
      KREF "," VAT_OR_NULL("owner") ",reachable,recognizable,is_retiring" },
    { "promises", "promise",
      KREF "," PROMISE_STATE
           "," VAT_OR_NULL("decider") ",refs,since,queue_next-queue_first AS waiting" },
    { "clists", "clist_entries", "'v'||vat AS vat," VREF "," KREF ",reachable,since" },
    { "holders", "holder_entries", KREF ",'v'||vat AS vat," VREF },
    { "holds", "hold", KREF ",count,since" },
    { "gc_actions", "gc CROSS JOIN bits WHERE objects>>bit&1 ORDER BY action", GC_ACTION },
    { "queues", "queue", QUEUE ",seq,length(item) AS size" },
    { "keys", "kv", VAT_OR_NULL("vat") "," TEXT("key") "," TEXT("value") },
    { "transcripts", "transcript", "'v'||vat AS vat,delivery,length(item) AS size," HEX("chain") },
};

/* ---- pages ---- */

/* SQL has no way from a byte to its number but to look where it is among all bytes. */
static void add_octets(cs_buf *sql)
{
    cs_buf_add_text(sql, "CREATE VIEW octets AS SELECT x'");
    for (unsigned i = 0; i < 256; i++)
        cs_buf_addf(sql, "%02x", i);
    cs_buf_add_text(sql, "' AS all_of_them;");
}

/* The places of the bits of a word. */
static void add_bits(cs_buf *sql)
{
    cs_buf_add_text(sql, "CREATE VIEW bits AS WITH RECURSIVE b(bit) AS("
                         "SELECT 0 UNION ALL SELECT bit+1 FROM b WHERE bit<31) SELECT bit FROM b;");
}

/* The column that begins `offset` bytes behind `at`; a reference's top bit is flipped. */
static void add_column(cs_buf *sql, const cs_column *c, size_t offset, size_t width)
{
    for (size_t i = 0; i < width; i++) {
        bool flip = cs_columns_is_ref(c) && i + 1 == width;
        cs_buf_addf(sql, "%s((instr(all_of_them,substr(entries,at+%zu,1))%s)<<%zu)",
                    i == 0 ? "" : "|", offset + i, flip ? "+127&255" : "-1", 8 * i);
    }
    cs_buf_addf(sql, " AS %s", c->name);
}

/* The places of all entries, and what is there. */
static void add_entries(cs_buf *sql, const cs_pages_def *def)
{
    size_t offset = 0;
    cs_buf_addf(sql,
                "CREATE VIEW %s_entries AS WITH RECURSIVE place(%s,at,size) AS("
                "SELECT %s,1,length(entries) FROM %s UNION ALL "
                "SELECT %s,at+%d,size FROM place WHERE at+%d<size) SELECT %s",
                def->name, def->order, def->order, def->name, def->order, def->width, def->width,
                def->has_vat ? "vat," : "");
    for (size_t i = 0; i < def->column_count; i++) {
        size_t width = cs_columns_width(&def->columns[i]);
        cs_buf_add_text(sql, i == 0 ? "" : ",");
        add_column(sql, &def->columns[i], offset, width);
        offset += width;
    }
    cs_buf_addf(sql, " FROM place CROSS JOIN %s USING(%s) CROSS JOIN octets ORDER BY %s,at;",
                def->name, def->order, def->order);
}

void cs_views_add(cs_buf *sql)
{
    add_octets(sql);
    add_bits(sql);
    for (size_t i = 0; i < CS_PAGES_COUNT; i++)
        add_entries(sql, &cs_pages_defs[i]);
    for (size_t i = 0; i < sizeof views / sizeof views[0]; i++)
        cs_buf_addf(sql, "CREATE VIEW %s AS SELECT %s FROM %s;", views[i].name, views[i].columns,
                    views[i].table);
}
