/* Names of things. A kref is the kernel's (ko20, kp40, kd30), a vref one vat's (o+3, o-50, p+5,
 * p-60, d-70, o+v10/3, o+d10/3:1); neither means anything elsewhere. Each is its own type, so the
 * compiler keeps them apart; text exists at the edges only. All zero means "none". */
#pragma once
#include "base/bytes.h"

typedef struct cs_vatid {
    uint32_t n; /* v1 is 1 */
} cs_vatid;
typedef struct cs_kref {
    uint64_t bits;
} cs_kref;
typedef struct cs_vref {
    uint64_t bits;
} cs_vref;

typedef enum cs_ref_type { CS_REF_NONE, CS_REF_OBJECT, CS_REF_PROMISE, CS_REF_DEVICE } cs_ref_type;

#define CS_REF_ID_MAX ((UINT64_C(1) << 53) - 1) /* ids stay exact in JSON numbers */
#define CS_REF_TEXT_MAX 40                      /* longest text with its NUL */

cs_kref cs_kref_of(cs_ref_type type, uint64_t id);
cs_ref_type cs_kref_type(cs_kref k);
uint64_t cs_kref_id(cs_kref k);
const char *cs_kref_text(cs_kref k, char text[static CS_REF_TEXT_MAX]); /* returns text */
cs_status cs_kref_parse(cs_bytes text, cs_kref *ret);                   /* BAD_REF */

/* A plain vref: `by_vat` is the sign, + if the vat allocated the id (an export of its). */
cs_vref cs_vref_of(cs_ref_type type, bool by_vat, uint64_t id);
cs_ref_type cs_vref_type(cs_vref v);
bool cs_vref_by_vat(cs_vref v);
uint64_t cs_vref_id(cs_vref v); /* of a plain one; a virtual one's packed kind, instance, facet */
bool cs_vref_is_virtual(cs_vref v); /* o+v… or o+d… */
const char *cs_vref_text(cs_vref v, char text[static CS_REF_TEXT_MAX]);
cs_status cs_vref_parse(cs_bytes text,
                        cs_vref *ret); /* BAD_REF; strict: no leading zeros, no signs but ours */
/* Whether the bits are those of a vref that cs_vref_parse() could have given. */
bool cs_vref_check(cs_vref v);

/* The order of the texts, as the reference sorts (S22): ko10 before ko9. */
int cs_kref_compare_text(cs_kref a, cs_kref b);
int cs_vref_compare_text(cs_vref a, cs_vref b);

const char *cs_vatid_text(cs_vatid v, char text[static CS_REF_TEXT_MAX]);
cs_status cs_vatid_parse(cs_bytes text, cs_vatid *ret); /* BAD_REF */

static inline bool cs_kref_same(cs_kref a, cs_kref b)
{
    return a.bits == b.bits;
}
static inline bool cs_vref_same(cs_vref a, cs_vref b)
{
    return a.bits == b.bits;
}
static inline bool cs_kref_none(cs_kref k)
{
    return k.bits == 0;
}
static inline bool cs_vref_none(cs_vref v)
{
    return v.bits == 0;
}
