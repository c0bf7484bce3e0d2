/* Every limit of Capstan, by name. Sizes in bytes unless the name says otherwise. */
#pragma once
#include <stdint.h>

#define CS_BODY_MAX (10u * 1000 * 1000) /* CapData bodies of one syscall together (S7) */
#define CS_SLOTS_MAX 10000u             /* CapData slots of one syscall together (S7) */
#define CS_DEPTH_MAX 2000u              /* nesting of a passed value (S23 asks for 1,000 or more) */
#define CS_SYSCALLS_MAX 1000000u        /* syscalls of one crank */
#define CS_REPLY_MAX (256u * 1024 * 1024) /* all of one crank's syscalls */
#define CS_SAY_MAX (16u * 1024 * 1024) /* what a worker process passes on of what a delivery says */
#define CS_LINE_MAX (32u * 1024 * 1024) /* one message of an external worker, as JSON */
#define CS_VREFS_MAX 10000000u          /* references in one drop or retire */
#define CS_GC_BATCH 10000u              /* krefs of one GC delivery; vrefs of one drop of ours */
#define CS_CLEANUP_BATCH 1000u          /* rows of a terminated vat that one crank deletes */
#define CS_VATS_MAX 10000u              /* vats that live at once, until the host says otherwise */
#define CS_VATSTORE_KEY_MAX 4096u
#define CS_VATSTORE_VALUE_MAX CS_BODY_MAX
#define CS_NAME_MAX 199u                  /* vat and bundle names (S21) */
#define CS_MODULES_MAX 10000u             /* modules of one bundle */
#define CS_SOURCE_MAX (64u * 1024 * 1024) /* sources of one bundle */
#define CS_CONFIG_MAX (16u * 1024 * 1024)
#define CS_COMPUTRONS_MAX 100000000u            /* of one crank (S9) */
#define CS_COMPUTRONS_MIN 10000u                /* the lowest limit that a host may set */
#define CS_HEAP_MAX (512u * 1024 * 1024)        /* live slots and chunks of one vat */
#define CS_WORKER_DATA_MAX (UINT64_C(16) << 30) /* writable memory of one worker process */
