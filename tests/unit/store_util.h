/* What tests of opening and locking share: stores with a crank number in them, and other processes. */
#pragma once
#include "store_file.h"
#include "t.h"

extern const cs_store_options making, using, reading;

cs_store *open_good(const char *path, const cs_store_options *options);
/* Opening fails so, with one line that names the path and has the word. */
void refused(const char *path, const cs_store_options *options, cs_status st, const char *word);
void set_crank(cs_store *s, uint64_t n); /* and commits */
void make_store(const char *path, uint64_t crank);
uint64_t crank_of(const char *path);
bool exists(const char *path, const char *tail);

/* Another process: a fork of one that has never opened a store, because SQLite in a fork of one that
 * has believes that it holds its parent's locks. */
typedef int remote_fn(const char *path);
int start_forker(void **state);                 /* the setup of every case */
int elsewhere(remote_fn *fn, const char *path); /* the exit code of fn(path) there */
void ask(remote_fn *fn, const char *path);      /* the same in two halves */
int answer(void);
int answer_fd(void); /* readable when there is one */

int try_using(const char *path);   /* the status of opening it */
int try_reading(const char *path); /* the crank number, or 200 */
