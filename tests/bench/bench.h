/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What every benchmark program shares: arguments, sockets, clocks, and the workloads.
 *
 * A system under test is a pair of programs. Its server prints "listening ADDRESS" and ends when
 * its last connection has closed. Its client is bench-client.c, bench-engine.c and one file that
 * defines the bench_link_* functions below. Nothing here uses GLib: the bare limit must not. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BENCH_READ_SIZE (256 * 1024)
#define BENCH_SEND_BUFFER (4 * 1024 * 1024)
/* Payloads up to this are copied into the output, larger ones referenced. */
#define BENCH_COPY_LIMIT 1024
#define BENCH_MAX_MESSAGE (32 * 1024 * 1024)

typedef enum
{
  BENCH_WORKLOAD_STREAM,   /* chunks in turn to all analyzers, so many outstanding: W1, W2, W3 */
  BENCH_WORKLOAD_CYCLE,    /* new analyzer, one chunk, its verdict, delete: W4 */
  BENCH_WORKLOAD_MEMORY,   /* resident memory of live analyzers that idle: W5 */
  BENCH_WORKLOAD_FAIRNESS, /* how long small round trips wait beside very large chunks */
  BENCH_WORKLOAD_IDLE,     /* how often the processes wake up while nothing happens */
} BenchWorkload;

typedef struct
{
  const char *address; /* a path, or host:port */
  const char *connect; /* the other address of a relay, or of the reading end of a transfer */
  BenchWorkload workload;
  uint32_t analyzers;
  uint32_t connections;
  uint32_t chunk;
  uint32_t outstanding;
  double warmup; /* seconds */
  double seconds;
  uint64_t count;     /* a fixed number of chunks instead of a time, if not 0 */
  uint32_t spin_us;   /* how long to spin on the socket before sleeping */
  int peer_pid;       /* whose CPU time, memory and wake-ups to add; 0 = nobody's */
  const char *codec;  /* for those systems that have several */
  bool in_process;    /* the analyzer is its provider's own */
  bool shared_memory; /* the server reads from it, and looks at all of it */
} BenchOptions;

typedef struct
{
  const uint8_t *data;
  uint32_t length;
  void *link; /* what the system made of it, at its first use */
} BenchPayload;

/* The provider's side of one analyzer. */
typedef struct
{
  void *link; /* the system's own */
  uint32_t id;
  BenchPayload *payload;
  uint64_t sent;   /* end of the bytes sent */
  uint64_t passed; /* end of the bytes passed */
  uint64_t sent_at;
} BenchAnalyzer;

/* bench-options.c */
void bench_options_parse (BenchOptions *options, int argc, char **argv);
const char *bench_options_address (const BenchOptions *options); /* it dies if there is none */
void bench_die (const char *format, ...) __attribute__ ((noreturn, format (printf, 1, 2)));

/* bench-socket.c */
int bench_listen (const char *address);
int bench_accept (int listener);
int bench_connect (const char *address);
void bench_print_listening (int listener);

/* bench-measure.c */
uint64_t bench_now (void); /* ns */
double bench_cpu_seconds (int pid);
int64_t bench_resident_bytes (int pid);
int64_t bench_voluntary_switches (int pid);
void bench_latency_init (uint32_t capacity);
void bench_latency_add (uint64_t ns);
uint32_t bench_latency_count (void);
void bench_latency_print (void);

/* bench-engine.c: what a link calls, and what it reads */
extern const char *const bench_context[]; /* key, value, ..., NULL */
void bench_engine_run (const BenchOptions *options);
void bench_engine_passed (BenchAnalyzer *analyzer, uint64_t offset);

/* One file per system: how it opens, feeds and closes an analyzer. */
void bench_link_connect (const BenchOptions *options);
void bench_link_open (BenchAnalyzer *analyzer);
void bench_link_send (BenchAnalyzer *analyzer);
void bench_link_close (BenchAnalyzer *analyzer);
void bench_link_run (double seconds); /* until bench_link_stop(), or for that long if >= 0 */
void bench_link_stop (void);
void bench_link_disconnect (void);
