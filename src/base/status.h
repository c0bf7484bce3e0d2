/* What a call reports: a status, and for people a line of text kept in the caller's cs_error. */
#pragma once
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CS_MUST_USE __attribute__((warn_unused_result))
#define CS_PRINTF(f, a) __attribute__((format(printf, f, a)))

typedef enum cs_status {
#define X(name, class, text) CS_E_##name,
#include "base/status.def"
#undef X
    CS_STATUS_COUNT,
    CS_OK = CS_E_OK,
} cs_status;

/* Who is at fault; see status.def. NONE is CS_OK's. */
typedef enum cs_class { CS_CLASS_NONE, CS_CLASS_VAT, CS_CLASS_HOST, CS_CLASS_ENV } cs_class;

const char *cs_status_name(cs_status st); /* "BAD_REF" */
const char *cs_status_text(cs_status st); /* "malformed reference" */
cs_class cs_status_class(cs_status st);

/* Filled by the function that fails, with what and where and how to mend it; fixed size, so that it
 * works when memory is gone. Untouched by success. */
#define CS_ERROR_MAX 1024
typedef struct cs_error {
    cs_status status;
    char text[CS_ERROR_MAX];
} cs_error;

/* Notes `st` and the formatted text in `err` (NULL is fine) and returns `st`:
 * `return cs_fail(err, CS_E_CONFIG, "%s: no such file", path);` Too long a text is cut. */
cs_status cs_fail(cs_error *err, cs_status st, const char *format, ...) CS_PRINTF(3, 4);

/* Puts "prefix: " before the text that is there already. Returns err->status. */
cs_status cs_fail_at(cs_error *err, const char *format, ...) CS_PRINTF(2, 3);

/* A broken invariant of ours: says where on stderr and aborts, in release too. The last commit is
 * the truth. Never for bytes from a vat, a row, a file or a user: those get a status. */
#define cs_assert(e) ((e) ? (void)0 : cs_assert_failed(#e, __FILE__, __LINE__, __func__))
_Noreturn void cs_assert_failed(const char *what, const char *file, int line, const char *func);

/* Checks too dear for every run: on in developer builds (-DCS_SLOW_ASSERT=1). */
#if CS_SLOW_ASSERT
#define cs_assert_slow(e) cs_assert(e)
#else
#define cs_assert_slow(e) ((void)sizeof(e))
#endif
