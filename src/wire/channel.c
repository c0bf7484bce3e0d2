/* Reading and writing. On the kernel's side everything has an end in time and in size: a worker may be
 * stopped, flood us, or not read. There both descriptors do not block and poll() waits. The worker's
 * side has nothing else to do: it blocks. */
#include "wire/channel.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { READ_SIZE = 64 * 1024, KEEP_SIZE = 1024 * 1024 };

void cs_channel_fini(cs_channel *c)
{
    cs_buf_fini(&c->sending);
    cs_buf_fini(&c->got);
    c->taken = 0;
}

static int64_t now_ms(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* ---- waiting ---- */

/* Waits until we can read, or write if that is wanted. The clock is not looked at before the first wait.
 * A pipe whose other end is gone is ready to be read. */
static cs_status wait_for(cs_channel *c, bool to_write, cs_error *err)
{
    struct pollfd fds[2] = { { .fd = c->in, .events = POLLIN },
                             { .fd = c->out, .events = POLLOUT } };
    const int64_t now = now_ms();
    if (c->until_ms == 0)
        c->until_ms = now + c->wait_ms;
    const int left = c->until_ms > now ? (int)(c->until_ms - now) : 0;
    const int n = left == 0 ? 0 : poll(fds, to_write ? 2 : 1, left);
    if (n == 0)
        return cs_fail(err, CS_E_WORKER, "no answer within %d ms", c->wait_ms);
    return n > 0 || errno == EINTR ? CS_OK : cs_fail(err, CS_E_WORKER, "poll: %s", strerror(errno));
}

/* ---- reading ---- */

/* Before more is read: forgets what was taken, and gives back what one large message needed. */
static void make_room(cs_channel *c)
{
    size_t left = c->got.size - c->taken;
    if (c->taken == 0)
        return;
    memmove(c->got.data, c->got.data + c->taken, left);
    c->got.size = left;
    c->taken = 0;
    if (left == 0 && c->got.cap > KEEP_SIZE)
        cs_buf_fini(&c->got);
}

/* Reads what is there. *ret_none: nothing was. */
static cs_status read_some(cs_channel *c, bool *ret_none, cs_error *err)
{
    uint8_t *to = cs_buf_reserve(&c->got, READ_SIZE);
    ssize_t n = read(c->in, to, READ_SIZE);
    *ret_none = n < 0 && (errno == EAGAIN || errno == EINTR);
    if (n > 0)
        c->got.size += (size_t)n;
    if (n > 0 || *ret_none)
        return CS_OK;
    c->ended = n == 0;
    return cs_fail(err, CS_E_WORKER, "%s", n == 0 ? "it ended" : strerror(errno));
}

cs_status cs_channel_receive(cs_channel *c, cs_bytes *ret, cs_error *err)
{
    for (;;) {
        bool none = false;
        cs_bytes rest = { c->got.data + c->taken, c->got.size - c->taken };
        size_t size = rest.size == 0 ? 0 : c->size(rest, c->receive_max);
        if (size == SIZE_MAX)
            return cs_fail(err, CS_E_WORKER, "it sent no message, or one that is too large");
        if (size > 0) {
            *ret = (cs_bytes){ rest.data, size };
            c->taken += size;
            return CS_OK;
        }
        make_room(c);
        cs_status st = c->wait_ms < 0 ? CS_OK : wait_for(c, false, err);
        if (st == CS_OK)
            st = read_some(c, &none, err);
        if (st != CS_OK)
            return st;
    }
}

/* ---- writing ---- */

/* While the other side does not read: what it says is kept, so that neither waits for the other. */
static cs_status wait_to_write(cs_channel *c, cs_error *err)
{
    bool none;
    cs_status st = wait_for(c, true, err);
    make_room(c);
    if (st == CS_OK)
        st = read_some(c, &none, err);
    if (st == CS_OK && c->got.size > c->receive_max)
        st = cs_fail(err, CS_E_WORKER, "it sent more than one answer may have");
    return st;
}

cs_status cs_channel_send(cs_channel *c, cs_error *err)
{
    cs_status st = CS_OK;
    for (size_t sent = 0; sent < c->sending.size && st == CS_OK;) {
        ssize_t n = write(c->out, c->sending.data + sent, c->sending.size - sent);
        if (n > 0) {
            sent += (size_t)n;
            c->sent += (size_t)n;
        } else if (errno == EAGAIN) {
            st = wait_to_write(c, err);
        } else if (errno != EINTR) {
            st = cs_fail(err, CS_E_WORKER, "%s", strerror(errno));
        }
    }
    cs_buf_clear(&c->sending);
    if (c->sending.cap > KEEP_SIZE)
        cs_buf_fini(&c->sending);
    return st;
}
