/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Clocks and counters of this process and of its peer. */
#include "bench.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static uint32_t *latencies; /* ns */
static uint32_t latency_count, latency_capacity;

static uint64_t
read_clock (clockid_t clock)
{
  struct timespec now;

  if (clock_gettime (clock, &now) != 0)
    bench_die ("a clock cannot be read");
  return (uint64_t) now.tv_sec * 1000000000u + (uint64_t) now.tv_nsec;
}

uint64_t
bench_now (void)
{
  return read_clock (CLOCK_MONOTONIC);
}

/* User and system time of all threads of a process: what its own getrusage() would say. */
double
bench_cpu_seconds (int pid)
{
  clockid_t clock;

  if (clock_getcpuclockid (pid, &clock) != 0)
    bench_die ("process %d has no CPU clock", pid);
  return (double) read_clock (clock) / 1e9;
}

int64_t
bench_resident_bytes (int pid)
{
  char path[64];
  long long resident;
  FILE *file;

  snprintf (path, sizeof path, "/proc/%d/statm", pid);
  file = fopen (path, "re");
  if (file == NULL || fscanf (file, "%*d %lld", &resident) != 1)
    bench_die ("%s cannot be read", path);
  fclose (file);
  return resident * sysconf (_SC_PAGESIZE);
}

static int64_t
read_switches (int pid, const char *thread)
{
  char path[300], line[256];
  long long count = -1;
  FILE *file;

  snprintf (path, sizeof path, "/proc/%d/task/%s/status", pid, thread);
  file = fopen (path, "re");
  if (file == NULL)
    return 0; /* the thread has ended meanwhile */
  while (count < 0 && fgets (line, sizeof line, file) != NULL)
    sscanf (line, "voluntary_ctxt_switches: %lld", &count);
  fclose (file);
  return count > 0 ? count : 0;
}

/* How often the threads of a process went to sleep: as often as they woke up. */
int64_t
bench_voluntary_switches (int pid)
{
  char path[64];
  int64_t total = 0;
  struct dirent *entry;
  DIR *dir;

  snprintf (path, sizeof path, "/proc/%d/task", pid);
  dir = opendir (path);
  if (dir == NULL)
    bench_die ("%s cannot be read", path);
  while ((entry = readdir (dir)) != NULL)
    if (entry->d_name[0] != '.')
      total += read_switches (pid, entry->d_name);
  closedir (dir);
  return total;
}

void
bench_latency_init (uint32_t capacity)
{
  latencies = calloc (capacity, sizeof *latencies);
  if (latencies == NULL)
    bench_die ("out of memory");
  memset (latencies, 1, capacity * sizeof *latencies); /* no page faults while measuring */
  latency_capacity = capacity;
  latency_count = 0;
}

void
bench_latency_add (uint64_t ns)
{
  if (latency_count < latency_capacity)
    latencies[latency_count++] = ns < UINT32_MAX ? (uint32_t) ns : UINT32_MAX;
}

uint32_t
bench_latency_count (void)
{
  return latency_count;
}

static int
compare (const void *a, const void *b)
{
  uint32_t x = *(const uint32_t *) a, y = *(const uint32_t *) b;

  return (x > y) - (x < y);
}

static double
quantile_us (double part)
{
  return latencies[(uint32_t) (part * (latency_count - 1))] / 1e3;
}

/* Adds to a JSON object that the caller has begun. */
void
bench_latency_print (void)
{
  if (latency_count == 0)
    return;
  qsort (latencies, latency_count, sizeof *latencies, compare);
  printf (", \"p50_us\": %.2f, \"p90_us\": %.2f, \"p99_us\": %.2f, \"max_us\": %.2f"
          ", \"round_trips\": %u",
          quantile_us (0.5), quantile_us (0.9), quantile_us (0.99), quantile_us (1), latency_count);
}
