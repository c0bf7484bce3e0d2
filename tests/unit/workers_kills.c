/* For test_host_workers.c. */
extern const unsigned workers_kills;
const unsigned workers_kills = 200;
