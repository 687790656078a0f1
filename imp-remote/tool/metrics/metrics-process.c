/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tool/metrics/metrics-process.h"

#include <imp-remote.h>

#include <stdio.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <unistd.h>

static const MetricsFamily build_info = {
  "imp_build_info",
  METRICS_GAUGE,
  NULL,
  "The version of imp-remote; always 1",
};
static const MetricsFamily cpu_seconds = {
  "process_cpu_seconds",
  METRICS_COUNTER,
  "seconds",
  "CPU time that the process has used",
};
static const MetricsFamily resident_memory = {
  "process_resident_memory_bytes",
  METRICS_GAUGE,
  "bytes",
  "Memory of the process that is resident",
};
static const MetricsFamily max_fds = {
  "process_max_fds",
  METRICS_GAUGE,
  NULL,
  "How many descriptors the process may have open",
};
static const MetricsFamily start_time = {
  "process_start_time_seconds",
  METRICS_GAUGE,
  "seconds",
  "When the process began, as Unix time",
};

static double
process_get_cpu_seconds (void)
{
  struct rusage usage;

  getrusage (RUSAGE_SELF, &usage);
  return usage.ru_utime.tv_sec + usage.ru_stime.tv_sec
         + (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

/* 0: not known. */
static guint64
process_get_resident_memory (void)
{
  FILE *statm = fopen ("/proc/self/statm", "re");
  unsigned long pages = 0;

  if (statm == NULL)
    return 0;
  if (fscanf (statm, "%*u %lu", &pages) != 1)
    pages = 0;
  fclose (statm);
  return (guint64) pages * sysconf (_SC_PAGESIZE);
}

void
metrics_process_describe (MetricsText *text)
{
  static double started;
  const guint64 memory = process_get_resident_memory ();
  g_autofree char *version = g_strdup_printf ("%d.%d.%d", IMP_MAJOR_VERSION, IMP_MINOR_VERSION,
                                              IMP_MICRO_VERSION);
  struct rlimit limit;

  /* The first call comes right after the beginning. */
  if (started == 0)
    started = g_get_real_time () / 1e6;
  metrics_text_add_by (text, &build_info, NULL, "version", version, 1);
  metrics_text_add_double (text, &cpu_seconds, NULL, process_get_cpu_seconds ());
  metrics_text_add_double (text, &start_time, NULL, started);
  if (memory > 0)
    metrics_text_add (text, &resident_memory, NULL, memory);
  if (getrlimit (RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY)
    metrics_text_add (text, &max_fds, NULL, limit.rlim_cur);
}
