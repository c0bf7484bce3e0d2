/* For test_host_workers.c, as a slow test: with sanitizers a worker takes ten times as long to start. */
extern const unsigned workers_kills;
#ifdef __SANITIZE_ADDRESS__
const unsigned workers_kills = 2000;
#else
const unsigned workers_kills = 10000;
#endif
