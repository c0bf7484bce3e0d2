/* Meters (S9): objects that stand for the kernel's. Each may have a notifier, whose state is how often
 * the meter has fallen below its threshold, and what it had left the last time. */
#include "vats/vat_admin.h"

/* --- numbers --------------------------------------------------------------------------------------- */

static bool is_digits(cs_bytes text)
{
    size_t i = 0;
    while (i < text.size && text.data[i] >= '0' && text.data[i] <= '9')
        i++;
    return i > 0 && i == text.size;
}

/* The digits of a bigint, or of an integer, that is not negative. */
static bool nat_of(cs_bytes value, bool only_bigint, cs_bytes *ret)
{
    enum { DIGITS_MAX = 30 };
    cs_sc_kind kind = cs_sc_kind_of(value);
    *ret = cs_sc_text(value);
    return (kind == CS_SC_BIGINT || (kind == CS_SC_NUMBER && !only_bigint)) && is_digits(*ret) &&
           ret->size <= DIGITS_MAX;
}

/* As the next argument of the device. */
static void add_nat(cs_sc_writer *w, cs_bytes digits)
{
    if (w->body.data[w->body.size - 1] != '[')
        cs_sc_add(w, ",");
    cs_sc_add(w, "\"+");
    cs_sc_add_bytes(w, digits);
    cs_sc_add(w, "\"");
}

/* --- making them ----------------------------------------------------------------------------------- */

static void make(cs_va *va, const char *method, cs_sc_writer *args, const char *word)
{
    cs_capdata made;
    cs_bytes id;
    if (!cs_va_call(va, method, args, &made))
        return;
    if (cs_va_id_of(&made, &id))
        cs_va_return_export(va, word, id, "Alleged: meter");
    else
        cs_va_throw(va, "vatAdmin device: no meterID");
}

/* (remaining, threshold) */
void cs_va_create_meter(cs_va *va)
{
    cs_bytes remaining, threshold;
    if (!nat_of(cs_va_arg(va, 0), true, &remaining) ||
        !nat_of(cs_va_arg(va, 1), true, &threshold)) {
        cs_va_throw(va, "createMeter(remaining, threshold) requires two bigints, not negative");
        return;
    }
    cs_sc_writer w = cs_va_args(va, (cs_bytes){ 0 });
    add_nat(&w, remaining);
    add_nat(&w, threshold);
    make(va, "createMeter", &w, "meter");
}

void cs_va_create_unlimited_meter(cs_va *va)
{
    cs_sc_writer w = cs_va_args(va, (cs_bytes){ 0 });
    make(va, "createUnlimitedMeter", &w, "unlimited");
}

/* --- a meter --------------------------------------------------------------------------------------- */

static void change(cs_va *va, const char *method)
{
    cs_bytes n;
    cs_capdata nothing;
    if (!nat_of(cs_va_arg(va, 0), false, &n)) {
        cs_va_throw(va, "%s() requires a bigint that is not negative", method);
        return;
    }
    cs_sc_writer w = cs_va_args(va, va->subject);
    add_nat(&w, n);
    if (cs_va_call(va, method, &w, &nothing))
        cs_va_return_undefined(va);
}

void cs_va_add_remaining(cs_va *va)
{
    change(va, "addMeterRemaining");
}

void cs_va_set_threshold(cs_va *va)
{
    change(va, "setMeterThreshold");
}

void cs_va_get_meter(cs_va *va)
{
    cs_sc_writer w = cs_va_args(va, va->subject);
    cs_capdata state;
    if (cs_va_call(va, "getMeter", &w, &state))
        cs_va_return(va, &state);
}

/* addRemaining and setThreshold: nothing to change */
void cs_va_unlimited_change(cs_va *va)
{
    cs_va_return_undefined(va);
}

void cs_va_get_unlimited(cs_va *va)
{
    cs_va_return(
        va, &(cs_capdata){ .body = CS_BYTES("#{\"remaining\":\"unlimited\",\"threshold\":0}") });
}

/* --- notifiers ------------------------------------------------------------------------------------- */

void cs_va_get_notifier(cs_va *va)
{
    cs_va_return_export(va, "notifier", va->subject, "Alleged: notifier");
}

static cs_bytes update_key(cs_va *va, cs_bytes meter)
{
    return cs_va_text(va, "meter.%.*s", (int)meter.size, (const char *)meter.data);
}

/* "2 500" */
static bool read_update(cs_va *va, cs_bytes meter, cs_bytes *ret_count, cs_bytes *ret_left)
{
    cs_bytes update = cs_va_get(va, update_key(va, meter));
    size_t i = 0;
    while (i < update.size && update.data[i] != ' ')
        i++;
    if (i >= update.size)
        return false;
    *ret_count = (cs_bytes){ update.data, i };
    *ret_left = (cs_bytes){ update.data + i + 1, update.size - i - 1 };
    return true;
}

static cs_capdata write_update(cs_va *va, cs_bytes count, cs_bytes left)
{
    cs_bytes body =
        cs_va_text(va, "#{\"updateCount\":\"+%.*s\",\"value\":\"+%.*s\"}", (int)count.size,
                   (const char *)count.data, (int)left.size, (const char *)left.data);
    return (cs_capdata){ .body = body };
}

/* (updateCount): what is newer than that, at once or when it comes */
void cs_va_get_update_since(cs_va *va)
{
    cs_bytes count, left, since = cs_sc_text(cs_va_arg(va, 0));
    if (!read_update(va, va->subject, &count, &left) || cs_bytes_equal(count, since)) {
        cs_va_wait(va, "wait", va->subject);
        return;
    }
    cs_capdata data = write_update(va, count, left);
    cs_va_return(va, &data);
}

/* (meterID, remaining) */
void cs_va_meter_crossed_threshold(cs_va *va)
{
    cs_bytes meter, left, before, ignored;
    cs_va_return_undefined(va);
    if (!cs_va_is_id(cs_va_arg(va, 0), &meter) || !nat_of(cs_va_arg(va, 1), false, &left))
        return;
    uint64_t n = read_update(va, meter, &before, &ignored) ? cs_va_number_of(before) + 1 : 1;
    cs_bytes count = cs_va_text(va, "%llu", (unsigned long long)n);
    cs_native_set(va->n, update_key(va, meter),
                  cs_va_text(va, "%.*s %.*s", (int)count.size, (const char *)count.data,
                             (int)left.size, (const char *)left.data));
    cs_capdata data = write_update(va, count, left);
    cs_va_settle_waiting(va, "wait", meter, false, &data);
}
