/* Messages over pipes: whole ones, however they come; an end in time and in size. */
#include "wire/channel.h"
#include "wire/frame.h"

#include "t.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MAX = 4 * 1024 * 1024 };

typedef struct ends {
    cs_channel here, there; /* `there` blocks, as in a worker */
    int down[2], up[2];
} ends;

static void open_ends(ends *e, int wait_ms)
{
    assert_int_equal(pipe2(e->down, 0), 0);
    assert_int_equal(pipe2(e->up, 0), 0);
    (void)fcntl(e->down[1], F_SETFL, O_NONBLOCK);
    (void)fcntl(e->up[0], F_SETFL, O_NONBLOCK);
    e->here = (cs_channel){ .in = e->up[0],
                            .out = e->down[1],
                            .wait_ms = wait_ms,
                            .size = cs_frame_size,
                            .receive_max = MAX };
    e->there = (cs_channel){
        .in = e->down[0], .out = e->up[1], .wait_ms = -1, .size = cs_frame_size, .receive_max = MAX
    };
}

static void close_ends(ends *e)
{
    cs_channel_fini(&e->here);
    cs_channel_fini(&e->there);
    for (int i = 0; i < 2; i++) {
        (void)close(e->down[i]);
        (void)close(e->up[i]);
    }
}

/* A frame whose text has so many bytes. */
static void add_frame(cs_channel *c, size_t size)
{
    cs_frame f = { .type = CS_FRAME_SAY, .serial = (uint32_t)size };
    char *text = malloc(size + 1);
    memset(text, 'x', size);
    f.say.text = (cs_bytes){ (const uint8_t *)text, size };
    assert_ok(cs_frame_enc(&c->sending, &f));
    free(text);
}

static void expect_frame(cs_channel *c, size_t size)
{
    cs_bytes message;
    cs_error err = { .text = "" };
    cs_arena arena = { 0 };
    cs_frame f;
    assert_ok(cs_channel_receive(c, &message, &err));
    assert_ok(cs_frame_dec(message, true, &arena, &f));
    assert_int_equal(f.serial, size);
    assert_int_equal(f.say.text.size, size);
    cs_arena_fini(&arena);
}

static void *echo(void *arg)
{
    ends *e = arg;
    cs_error err;
    cs_bytes message;
    while (cs_channel_receive(&e->there, &message, &err) == CS_OK) {
        cs_buf_add(&e->there.sending, message.data, message.size);
        if (cs_channel_send(&e->there, &err) != CS_OK)
            break;
    }
    return NULL;
}

/* Both sides write what no pipe can hold. */
static void large_and_small_messages_pass(void **state)
{
    static const size_t sizes[] = { 1, 0, 300000, 7, 2000000, 65536, 3000000, 5 };
    enum { COUNT = sizeof sizes / sizeof *sizes };
    ends e;
    cs_error err;
    pthread_t thread;
    (void)state;
    open_ends(&e, 60000);
    assert_int_equal(pthread_create(&thread, NULL, echo, &e), 0);
    for (size_t i = 0; i < COUNT; i++) {
        cs_channel_begin(&e.here);
        add_frame(&e.here, sizes[i]);
        assert_ok(cs_channel_send(&e.here, &err));
        expect_frame(&e.here, sizes[i]);
    }
    for (size_t i = 0; i < 1000; i++)
        add_frame(&e.here, i % 300);
    assert_ok(cs_channel_send(&e.here, &err));
    for (size_t i = 0; i < 1000; i++)
        expect_frame(&e.here, i % 300);
    (void)close(e.down[1]);
    (void)pthread_join(thread, NULL);
    e.down[1] = -1;
    close_ends(&e);
}

static void fails(cs_channel *c, bool send, const char *says)
{
    cs_bytes message;
    cs_error err = { .text = "" };
    cs_status st = send ? cs_channel_send(c, &err) : cs_channel_receive(c, &message, &err);
    assert_int_equal(st, CS_E_WORKER);
    assert_non_null(strstr(err.text, says));
}

static void silence_ends(void **state)
{
    ends e;
    (void)state;
    open_ends(&e, 20);
    fails(&e.here, false, "no answer within 20 ms");
    add_frame(&e.here, 3000000); /* nobody reads */
    cs_channel_begin(&e.here);
    fails(&e.here, true, "no answer within 20 ms");
    close_ends(&e);
}

/* One time for all of a request: talk does not make it longer. */
static void talk_ends(void **state)
{
    ends e;
    cs_error err;
    (void)state;
    open_ends(&e, 50);
    cs_channel_begin(&e.here);
    for (int i = 0; i < 5; i++) {
        add_frame(&e.there, 1);
        assert_ok(cs_channel_send(&e.there, &err));
    }
    for (int i = 0; i < 5; i++)
        expect_frame(&e.here, 1);
    fails(&e.here, false, "no answer within 50 ms");
    add_frame(&e.there, 1);
    assert_ok(cs_channel_send(&e.there, &err));
    fails(&e.here, false, "no answer within 50 ms");
    close_ends(&e);
}

static void the_dead_are_noticed(void **state)
{
    ends e;
    (void)state;
    open_ends(&e, 60000);
    assert_int_equal(write(e.up[1], "\x09\0\0", 3), 3);
    (void)close(e.up[1]);
    e.up[1] = -1;
    fails(&e.here, false, "it ended");
    assert_true(e.here.ended);
    add_frame(&e.here, 3000000);
    fails(&e.here, true, "it ended");
    close_ends(&e);
}

static void what_is_no_message_is_refused(void **state)
{
    ends e;
    (void)state;
    open_ends(&e, 60000);
    assert_int_equal(write(e.up[1], "\xff\xff\xff\xff", 4), 4);
    fails(&e.here, false, "no message");
    close_ends(&e);
}

static void *flood(void *arg)
{
    static const uint8_t zeros[65536] = { 0xff, 0xff, 0x3f };
    const ends *e = arg;
    while (write(e->up[1], zeros, sizeof zeros) > 0)
        continue;
    return NULL;
}

/* The other side writes without end and does not read: we do not keep more than one answer may have. */
static void a_flood_is_refused(void **state)
{
    ends e;
    pthread_t thread;
    (void)state;
    open_ends(&e, 60000);
    assert_int_equal(pthread_create(&thread, NULL, flood, &e), 0);
    add_frame(&e.here, 3000000);
    fails(&e.here, true, "more than one answer");
    (void)close(e.up[0]);
    e.up[0] = -1;
    (void)pthread_join(thread, NULL);
    close_ends(&e);
}

int main(void)
{
    static const t_case cases[] = { T(large_and_small_messages_pass),
                                    T(silence_ends),
                                    T(talk_ends),
                                    T(the_dead_are_noticed),
                                    T(what_is_no_message_is_refused),
                                    T(a_flood_is_refused) };
    (void)signal(SIGPIPE, SIG_IGN);
    return t_run(cases, sizeof cases / sizeof *cases);
}
