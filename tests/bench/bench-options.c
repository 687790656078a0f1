/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The arguments that clients and servers of all systems understand. */
#include "bench.h"

#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct option long_options[] = {
  { "address", required_argument, NULL, 'a' },     { "connect", required_argument, NULL, 'b' },
  { "workload", required_argument, NULL, 'w' },    { "analyzers", required_argument, NULL, 'n' },
  { "chunk", required_argument, NULL, 'c' },       { "outstanding", required_argument, NULL, 'o' },
  { "warmup", required_argument, NULL, 'u' },      { "seconds", required_argument, NULL, 's' },
  { "count", required_argument, NULL, 'N' },       { "spin", required_argument, NULL, 'S' },
  { "peer-pid", required_argument, NULL, 'p' },    { "codec", required_argument, NULL, 'C' },
  { "connections", required_argument, NULL, 'm' }, { "in-process", no_argument, NULL, 'I' },
  { "shared-memory", no_argument, NULL, 'M' },     { NULL, 0, NULL, 0 },
};

static const char *const workload_names[] = {
  [BENCH_WORKLOAD_STREAM] = "stream", [BENCH_WORKLOAD_CYCLE] = "cycle",
  [BENCH_WORKLOAD_MEMORY] = "memory", [BENCH_WORKLOAD_FAIRNESS] = "fairness",
  [BENCH_WORKLOAD_IDLE] = "idle",
};

void
bench_die (const char *format, ...)
{
  va_list args;

  va_start (args, format);
  fprintf (stderr, "bench: ");
  vfprintf (stderr, format, args);
  fputc ('\n', stderr);
  va_end (args);
  exit (1);
}

static uint64_t
parse_number (const char *text, uint64_t min, uint64_t max)
{
  char *end;
  unsigned long long value = strtoull (text, &end, 10);

  if (end == text || *end != '\0' || *text == '-' || value < min || value > max)
    bench_die ("\"%s\" is not a number from %llu to %llu", text, (unsigned long long) min,
               (unsigned long long) max);
  return value;
}

static double
parse_seconds (const char *text)
{
  char *end;
  double value = strtod (text, &end);

  if (end == text || *end != '\0' || !(value >= 0 && value <= 3600))
    bench_die ("\"%s\" is not a time from 0 to 3600 seconds", text);
  return value;
}

static BenchWorkload
parse_workload (const char *text)
{
  for (size_t i = 0; i < sizeof workload_names / sizeof *workload_names; i++)
    if (strcmp (text, workload_names[i]) == 0)
      return (BenchWorkload) i;
  bench_die ("\"%s\" is not a workload: stream, cycle, memory, fairness or idle", text);
}

static void
take_option (BenchOptions *options, int name, const char *value)
{
  switch (name)
    {
    case 'a':
      options->address = value;
      break;
    case 'b':
      options->connect = value;
      break;
    case 'w':
      options->workload = parse_workload (value);
      break;
    case 'n':
      options->analyzers = (uint32_t) parse_number (value, 1, 1000000);
      break;
    case 'c':
      options->chunk = (uint32_t) parse_number (value, 1, BENCH_MAX_MESSAGE / 2);
      break;
    case 'o':
      options->outstanding = (uint32_t) parse_number (value, 1, 100000);
      break;
    case 'u':
      options->warmup = parse_seconds (value);
      break;
    case 's':
      options->seconds = parse_seconds (value);
      break;
    case 'N':
      options->count = parse_number (value, 1, UINT32_MAX);
      break;
    case 'S':
      options->spin_us = (uint32_t) parse_number (value, 0, 1000000);
      break;
    case 'p':
      options->peer_pid = (int) parse_number (value, 1, INT32_MAX);
      break;
    case 'C':
      options->codec = value;
      break;
    case 'm':
      options->connections = (uint32_t) parse_number (value, 1, 1000);
      break;
    case 'I':
      options->in_process = true;
      break;
    case 'M':
      options->shared_memory = true;
      break;
    default:
      exit (2); /* getopt has said why */
    }
}

void
bench_options_parse (BenchOptions *options, int argc, char **argv)
{
  int name;

  *options = (BenchOptions){ .analyzers = 1,
                             .connections = 1,
                             .chunk = 1024,
                             .outstanding = 1,
                             .warmup = 0.2,
                             .seconds = 1,
                             .codec = "cbor" };
  while ((name = getopt_long (argc, argv, "", long_options, NULL)) != -1)
    take_option (options, name, optarg);
  if (optind != argc)
    bench_die ("usage: %s [OPTION...], and not \"%s\"", argv[0], argv[optind]);
}

const char *
bench_options_address (const BenchOptions *options)
{
  if (options->address == NULL)
    bench_die ("--address is missing");
  return options->address;
}
