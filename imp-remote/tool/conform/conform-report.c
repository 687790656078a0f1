/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tool/conform/conform-report.h"

#include "core/imp-clean-text-private.h"

#include <stdio.h>
#include <string.h>

/* Bytes that are shown of each side. */
#define SHOWN_MAX 1024

void
conform_report_begin (ConformReport *self)
{
  printf ("TAP version 13\n");
  fflush (stdout);
}

void
conform_report_note (ConformReport *self, const char *format, ...)
{
  g_autofree char *text = NULL, *clean = NULL;
  va_list args;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  clean = imp_clean_text (text, strlen (text), 0);
  printf ("# %s\n", clean);
  fflush (stdout);
}

/* "#" would begin a directive. */
static void
conform_report_line (ConformReport *self, const char *word, const char *name)
{
  g_autofree char *clean = imp_clean_text (name, strlen (name), 0);

  printf ("%s %u - %s", word, ++self->n_cases, g_strdelimit (clean, "#", '.'));
}

void
conform_report_ok (ConformReport *self, const char *name)
{
  conform_report_line (self, "ok", name);
  printf ("\n");
  fflush (stdout);
}

void
conform_report_skip (ConformReport *self, const char *name, const char *reason)
{
  self->n_skipped++;
  conform_report_line (self, "ok", name);
  printf (" # SKIP %s\n", reason);
  fflush (stdout);
}

/* A double-quoted scalar of YAML, in which nothing but visible ASCII stands. */
static void
conform_report_pair (const char *name, const char *text)
{
  gsize length = strlen (text);
  GString *quoted = g_string_new (NULL);

  for (gsize i = 0; i < length; i++)
    if (text[i] == '"' || text[i] == '\\')
      g_string_append_printf (quoted, "\\%c", text[i]);
    else if (g_ascii_isprint (text[i]))
      g_string_append_c (quoted, text[i]);
    else
      g_string_append_printf (quoted, "\\x%02x", (guint8) text[i]);
  printf ("  %s: \"%s\"\n", name, quoted->str);
  g_string_free (quoted, TRUE);
}

static void
conform_report_bytes (const char *name, const GByteArray *bytes)
{
  g_autofree char *hex_name = g_strconcat (name, "-hex", NULL);
  g_autofree char *hex = conform_bytes_to_hex (bytes->data, bytes->len, SHOWN_MAX);
  g_autofree char *text = conform_bytes_to_text (bytes->data, bytes->len, SHOWN_MAX);

  conform_report_pair (name, text);
  conform_report_pair (hex_name, hex);
}

void
conform_report_failure (ConformReport *self, const char *name, const ConformCase *this,
                        const ConformRun *run)
{
  ConformLink *link = conform_run_get_link (run);
  const char *expected = conform_run_get_expected (run);

  self->n_failed++;
  conform_report_line (self, "not ok", name);
  printf ("\n  ---\n");
  conform_report_pair ("message", conform_run_get_failure (run));
  if (expected != NULL)
    conform_report_pair ("expected", expected);
  if (link != NULL)
    {
      conform_report_bytes ("sent", conform_link_get_written (link));
      conform_report_bytes ("received", conform_link_get_read (link));
    }
  conform_report_pair ("specification", "wire-format.html");
  conform_report_pair ("section", this->section);
  printf ("  ...\n");
  fflush (stdout);
}

void
conform_report_error (ConformReport *self, const char *name, const char *text)
{
  self->n_failed++;
  conform_report_line (self, "not ok", name);
  printf ("\n  ---\n");
  conform_report_pair ("message", text);
  printf ("  ...\n");
  fflush (stdout);
}

void
conform_report_end (ConformReport *self)
{
  printf ("1..%u\n", self->n_cases);
  fflush (stdout);
}
