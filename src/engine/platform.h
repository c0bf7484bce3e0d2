/* What XS asks of its platform: the header that every file of XS includes, so that all of them, and
 * all of ours, see one txMachine. Only what both sides need stands here; platform.c implements it.
 *
 * No clock, no local time, no random numbers and no printing: whatever a vat gets hold of, the
 * engine has nothing to give that differs between two runs. */
#pragma once
#undef mxLittleEndian
#define mxLittleEndian 1
#undef mxLinux
#define mxLinux 1
#define mxExport extern
#define mxImport extern
#define XS_FUNCTION_NORETURN __attribute__((noreturn))

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <float.h>
#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

typedef int txSocket;

#define mxUseGCCAtomics 1
#define mxUsePOSIXThreads 1
#define mxUseDefaultBuildKeys 1
#define mxUseDefaultSharedChunks 1
#define mx32bitID 1
#define mxCESU8 1

struct cs_heap;
/* waiter…: named by xsAtomics.c. job_tail: xs_promise.c. heap: ours, set before XS allocates. */
#define mxMachinePlatform \
    void *waiterCondition; \
    void *waiterData; \
    void *waiterLink; \
    struct sxSlot *job_tail; \
    struct cs_heap *heap;

/* Memory that a machine takes outside its slots and chunks (tables, the parser) is counted against
 * the heap and freed with it: an abort leaves by longjmp and frees nothing. */
void *cs_xs_alloc(size_t size);
void *cs_xs_alloc_zero(size_t count, size_t size);
void *cs_xs_realloc(void *old, size_t size);
void cs_xs_free(void *p);
#define c_malloc cs_xs_alloc
#define c_calloc cs_xs_alloc_zero
#define c_realloc cs_xs_realloc
#define c_free cs_xs_free
#define c_malloc_uint32 cs_xs_alloc
#define c_free_uint32 cs_xs_free

/* fxCStackLimit() asks for the thread's stack. The answer is ours (fence.c): glibc's costs O(number
 * of mappings) on the main thread, and the C stack that a vat may use must not depend on ulimit. */
int cs_stack_attributes(pthread_t thread, pthread_attr_t *attributes);
#define pthread_getattr_np cs_stack_attributes

#define c_localtime gmtime
#define c_mktime timegm
typedef struct timeval c_timeval;
#define c_timezone timezone
int cs_no_clock(c_timeval *ret_time, void *zone);
#define c_gettimeofday cs_no_clock
#define c_rand() 0
#define c_printf(...) ((void)0)
#define c_vprintf(...) ((void)0)
