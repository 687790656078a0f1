/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The workloads, as a data provider sees them.
 *
 * Every run opens its analyzers first and has each pass one chunk; then it warms up, measures
 * a window and lets what is outstanding arrive. A verdict is believed only if its offset is
 * possible, and a chunk counts once all of it may pass. */
#include "bench.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#define FAIRNESS_SMALL 1024
#define LATENCY_SAMPLES (4 * 1024 * 1024)

typedef enum
{
  PHASE_OPEN,
  PHASE_WARMUP,
  PHASE_WINDOW,
  PHASE_DRAIN,
} Phase;

typedef struct
{
  uint64_t time, chunks, bytes;
  double client_cpu, server_cpu;
} Mark;

const char *const bench_context[] = { "caddr",        "192.0.2.17", "cport", "40112", "saddr",
                                      "198.51.100.4", "sport",      "443",   NULL };

static const BenchOptions *options;
static BenchAnalyzer *analyzers;
static BenchPayload main_payload, small_payload;
static Phase phase;
static Mark begin, end;
static uint32_t opened, open_target, outstanding, turn, next_id;
static uint64_t chunks, bytes, phase_end;
static bool keeps_latency;
static volatile sig_atomic_t timer_fired;

static void
on_timer (int signal)
{
  timer_fired = 1;
}

static void
arm_timer (double seconds)
{
  struct itimerval timer = { 0 };

  timer.it_value.tv_sec = (time_t) seconds;
  timer.it_value.tv_usec = (suseconds_t) ((seconds - (double) timer.it_value.tv_sec) * 1e6) + 1;
  timer_fired = 0;
  setitimer (ITIMER_REAL, &timer, NULL);
}

static void
take_mark (Mark *mark)
{
  mark->client_cpu = bench_cpu_seconds (0);
  mark->server_cpu = options->peer_pid != 0 ? bench_cpu_seconds (options->peer_pid) : 0;
  mark->chunks = chunks;
  mark->bytes = bytes;
  mark->time = bench_now ();
}

/* A phase lasts for its time or, if a count was asked for, for so many chunks. */
static void
enter_phase (Phase next, double seconds, uint64_t count)
{
  phase = next;
  phase_end = options->count != 0 ? chunks + count : UINT64_MAX;
  if (options->count == 0)
    arm_timer (seconds);
}

static void
advance_phase (void)
{
  timer_fired = 0;
  if (phase == PHASE_WARMUP)
    {
      take_mark (&begin);
      enter_phase (PHASE_WINDOW, options->seconds, options->count);
    }
  else if (phase == PHASE_WINDOW && keeps_latency && bench_latency_count () == 0)
    {
      enter_phase (PHASE_WINDOW, options->seconds, options->count);
    }
  else if (phase == PHASE_WINDOW)
    {
      take_mark (&end);
      phase = PHASE_DRAIN;
    }
}

static void
send_chunk (BenchAnalyzer *analyzer)
{
  if (keeps_latency && analyzer->sent == analyzer->passed)
    analyzer->sent_at = bench_now ();
  analyzer->sent += analyzer->payload->length;
  outstanding++;
  bench_link_send (analyzer);
}

static void
open_analyzer (BenchAnalyzer *analyzer)
{
  analyzer->id = ++next_id;
  analyzer->sent = 0;
  analyzer->passed = 0;
  bench_link_open (analyzer);
}

static void
begin_main_phase (void)
{
  uint32_t count = options->outstanding;

  if (options->workload == BENCH_WORKLOAD_MEMORY || options->workload == BENCH_WORKLOAD_IDLE)
    {
      bench_link_stop ();
      return;
    }

  /* A counted run warms up by a tenth of its count, so that counts can be compared. */
  enter_phase (PHASE_WARMUP, options->warmup, options->count / 10 + 1);
  if (options->workload == BENCH_WORKLOAD_FAIRNESS)
    count = options->analyzers;
  for (uint32_t i = 0; i < count; i++)
    {
      send_chunk (&analyzers[turn]);
      turn = turn + 1 < options->analyzers ? turn + 1 : 0;
    }
}

static void
open_next (void)
{
  if (opened < open_target)
    {
      BenchAnalyzer *analyzer = &analyzers[opened++];

      open_analyzer (analyzer);
      send_chunk (analyzer);
    }
  else if (outstanding == 0)
    {
      begin_main_phase ();
    }
}

static void
send_next (BenchAnalyzer *analyzer)
{
  if (options->workload == BENCH_WORKLOAD_CYCLE)
    {
      bench_link_close (analyzer);
      open_analyzer (analyzer);
    }
  else if (options->workload == BENCH_WORKLOAD_STREAM)
    {
      analyzer = &analyzers[turn];
      turn = turn + 1 < options->analyzers ? turn + 1 : 0;
    }
  send_chunk (analyzer);
}

static void
chunk_done (BenchAnalyzer *analyzer)
{
  outstanding--;
  chunks++;
  bytes += analyzer->payload->length;
  if (phase == PHASE_OPEN)
    {
      open_next ();
      return;
    }

  if (timer_fired || chunks >= phase_end)
    advance_phase ();
  if (phase != PHASE_DRAIN)
    send_next (analyzer);
  else if (outstanding == 0)
    bench_link_stop ();
}

/* Links call this for each PASS that arrives. */
void
bench_engine_passed (BenchAnalyzer *analyzer, uint64_t offset)
{
  uint32_t length = analyzer->payload->length;
  uint64_t done, before = analyzer->passed;

  if (offset <= before || offset > analyzer->sent)
    bench_die ("analyzer %u passed up to %llu, with %llu passed before and %llu sent", analyzer->id,
               (unsigned long long) offset, (unsigned long long) before,
               (unsigned long long) analyzer->sent);

  analyzer->passed = offset;
  done = offset / length - before / length;
  if (keeps_latency && phase == PHASE_WINDOW && done > 0 && analyzer == analyzers)
    bench_latency_add (bench_now () - analyzer->sent_at);
  for (; done > 0; done--)
    chunk_done (analyzer);
}

/* So many at once as chunks are to be outstanding. */
static void
open_analyzers (uint32_t target)
{
  open_target = target;
  for (uint32_t i = 0; i < options->outstanding && opened < target; i++)
    open_next ();
  bench_link_run (-1);
}

/* The total is what all phases did, as counters of the whole run see it. */
static void
print_rates (void)
{
  printf ("{\"total\": %llu, \"chunks\": %llu, \"bytes\": %llu, \"seconds\": %.6f"
          ", \"client_cpu\": %.6f, \"server_cpu\": %.6f",
          (unsigned long long) chunks, (unsigned long long) (end.chunks - begin.chunks),
          (unsigned long long) (end.bytes - begin.bytes), (double) (end.time - begin.time) / 1e9,
          end.client_cpu - begin.client_cpu, end.server_cpu - begin.server_cpu);
  bench_latency_print ();
  printf ("}\n");
}

static void
run_memory (void)
{
  int64_t mine = bench_resident_bytes (getpid ());
  int64_t theirs = bench_resident_bytes (options->peer_pid);
  double count = options->analyzers - 1;

  open_analyzers (options->analyzers);
  mine = bench_resident_bytes (getpid ()) - mine;
  theirs = bench_resident_bytes (options->peer_pid) - theirs;
  printf ("{\"analyzers\": %u, \"client_bytes\": %.1f, \"server_bytes\": %.1f}\n",
          options->analyzers, (double) mine / count, (double) theirs / count);
}

static void
run_idle (void)
{
  int64_t mine, theirs;

  bench_link_run (0.2); /* what was begun may end first */
  mine = bench_voluntary_switches (getpid ());
  theirs = bench_voluntary_switches (options->peer_pid);
  bench_link_run (options->seconds);
  /* One of this process's is the end of the measurement itself. */
  mine = bench_voluntary_switches (getpid ()) - mine - 1;
  theirs = bench_voluntary_switches (options->peer_pid) - theirs;
  printf ("{\"analyzers\": %u, \"seconds\": %.1f, \"client_wakeups\": %lld"
          ", \"server_wakeups\": %lld}\n",
          options->analyzers, options->seconds, (long long) mine, (long long) theirs);
}

static void
prepare_payload (BenchPayload *payload, uint32_t length)
{
  uint8_t *data = malloc (length);

  if (data == NULL)
    bench_die ("out of memory");
  for (uint32_t i = 0; i < length; i++)
    data[i] = (uint8_t) ('a' + i % 26);
  payload->data = data;
  payload->length = length;
}

static void
prepare (void)
{
  struct sigaction action = { .sa_handler = on_timer };

  if ((options->workload == BENCH_WORKLOAD_MEMORY || options->workload == BENCH_WORKLOAD_IDLE)
      && (options->peer_pid == 0 || options->analyzers < 2))
    bench_die ("this workload needs --peer-pid and at least 2 analyzers");
  if (options->workload == BENCH_WORKLOAD_FAIRNESS && options->analyzers != 2)
    bench_die ("fairness is between 2 analyzers");

  sigaction (SIGALRM, &action, NULL);
  keeps_latency = options->workload == BENCH_WORKLOAD_FAIRNESS
                  || (options->workload == BENCH_WORKLOAD_STREAM && options->outstanding == 1);
  if (keeps_latency)
    bench_latency_init (LATENCY_SAMPLES);

  prepare_payload (&main_payload, options->chunk);
  prepare_payload (&small_payload, FAIRNESS_SMALL);
  analyzers = malloc (options->analyzers * sizeof *analyzers);
  if (analyzers == NULL)
    bench_die ("out of memory");
  memset (analyzers, 0xff, options->analyzers * sizeof *analyzers); /* resident from now on */
  memset (analyzers, 0, options->analyzers * sizeof *analyzers);
  for (uint32_t i = 0; i < options->analyzers; i++)
    analyzers[i].payload = &main_payload;
  if (options->workload == BENCH_WORKLOAD_FAIRNESS)
    analyzers[0].payload = &small_payload;
}

void
bench_engine_run (const BenchOptions *o)
{
  options = o;
  prepare ();
  bench_link_connect (options);

  /* Memory is counted from the second analyzer on: the first brings what is made only once. */
  open_analyzers (options->workload == BENCH_WORKLOAD_MEMORY ? 1 : options->analyzers);
  if (options->workload == BENCH_WORKLOAD_MEMORY)
    run_memory ();
  else if (options->workload == BENCH_WORKLOAD_IDLE)
    run_idle ();
  else
    print_rates ();
  bench_link_disconnect ();
}
