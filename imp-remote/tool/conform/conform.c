/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tool/tool.h"

#include "tool/conform/conform-op.h"
#include "tool/conform/conform-report.h"
#include "tool/conform/conform-special.h"
#include "tool/conform/conform-vectors.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TABLES "/imp-remote/conform/"
/* What is gone so often in a row does not come back. */
#define GONE_MAX 3
#define DEFAULT_MAX_MESSAGE 33554432
#define DEFAULT_MAX_CONTEXT 65536

typedef struct
{
  char **codecs;
  char *listen;
  char **only;
  ConformTls tls;
  gboolean list;
  gboolean once;
  gboolean insecure;
  gboolean perl;
  gboolean reference;
  guint timeout; /* seconds */

  const char *address; /* of a server */
  GPtrArray *cases;    /* of ConformCase */
  ConformSetup setup;
  ImpMessage *greeting; /* what the other end said in version 2, or NULL */
  ConformReport report;
  guint n_gone; /* cases in a row for which there was no connection */
  gboolean serves;
} Conform;

static const ImpLimit conform_limits[] = {
  { "timeout", IMP_LIMIT_SECONDS, G_STRUCT_OFFSET (Conform, timeout), 1, TOOL_MAX_SECONDS, 5,
    "how long to wait for an answer, or for an end" },
};

static void
conform_clear (Conform *self)
{
  g_strfreev (self->codecs);
  g_free (self->listen);
  g_strfreev (self->only);
  g_free ((char *) self->tls.ca);
  g_free ((char *) self->tls.certificate);
  g_free ((char *) self->tls.key);
  g_free ((char *) self->tls.name);
  g_clear_pointer (&self->cases, g_ptr_array_unref);
  g_clear_pointer (&self->setup.peer, conform_peer_free);
  g_clear_pointer (&self->greeting, imp_message_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Conform, conform_clear)

/* --- which cases there are --- */

static gboolean
conform_read_table (Conform *self, GError **error)
{
  g_autofree char *path = g_strconcat (TABLES, self->setup.of_server ? "server" : "provider",
                                       ".cases", NULL);
  g_autoptr (GBytes) bytes = g_resources_lookup_data (path, 0, error);
  g_autofree char *text = NULL;

  if (bytes == NULL)
    return FALSE;
  text = g_strndup (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
  return conform_case_read_table (text, self->cases, error)
         && conform_vectors_read (self->setup.of_server, self->cases, error);
}

static gboolean
conform_is_chosen (Conform *self, const ConformCase *this)
{
  for (guint i = 0; self->only != NULL && self->only[i] != NULL; i++)
    if (g_pattern_match_simple (self->only[i], this->id))
      return TRUE;
  return self->only == NULL;
}

static char *
conform_list_formats (const ConformCase *this)
{
  GString *names = g_string_new (NULL);

  for (guint i = 0; i < this->formats->len; i++)
    g_string_append_printf (names, "%s%s", i > 0 ? "," : "",
                            ((const ConformFormat *) this->formats->pdata[i])->name);
  return g_string_free (names, FALSE);
}

static void
conform_print_list (Conform *self)
{
  for (guint i = 0; i < self->cases->len; i++)
    {
      const ConformCase *this = self->cases->pdata[i];
      g_autofree char *formats = conform_list_formats (this);

      if (conform_is_chosen (self, this))
        printf ("%s\t%s%s%s\t%s\t%s\t%s\n", this->id, (this->versions & 2) != 0 ? "1" : "",
                this->versions == 6 ? "," : "", (this->versions & 4) != 0 ? "2" : "", formats,
                this->section, this->title);
    }
}

/* --- one case --- */

/* Version 1 knows no announcement: the defaults are taken to hold. */
static gboolean
conform_has_defaults (Conform *self)
{
  return self->greeting == NULL
         || (conform_op_get_limit (self->greeting, "max-message") == DEFAULT_MAX_MESSAGE
             && conform_op_get_limit (self->greeting, "max-context") == DEFAULT_MAX_CONTEXT);
}

/* Why it cannot be run, or NULL. */
static const char *
conform_find_reason (Conform *self, const ConformCase *this)
{
  if (self->perl && this->perl != NULL)
    return this->perl;
  if ((this->needs & CONFORM_NEED_REFERENCE) != 0 && !self->reference)
    return "the reference analyzer is not served (--reference)";
  if ((this->needs & CONFORM_NEED_STATUS) != 0
      && !conform_op_has_feature (self->greeting, "status"))
    return "it has not the feature \"status\"";
  if ((this->needs & CONFORM_NEED_END) != 0 && !conform_op_has_feature (self->greeting, "end"))
    return "it has not the feature \"end\"";
  if ((this->needs & CONFORM_NEED_DEFAULTS) != 0 && !conform_has_defaults (self))
    return "its limits are not the defaults of the specification";
  return NULL;
}

/* With the peer, its unix socket goes. */
static void
conform_bail_out (Conform *self, const char *reason)
{
  tool_print ("Bail out! %s", reason);
  g_clear_pointer (&self->setup.peer, conform_peer_free);
  exit (TOOL_FAILED);
}

/* Without connections there is nothing to be tested. */
static void
conform_count_gone (Conform *self, const ConformRun *run)
{
  if (conform_run_get_link (run) != NULL)
    self->n_gone = 0;
  else if (++self->n_gone >= GONE_MAX)
    conform_bail_out (self, "there are no connections any more");
}

static void
conform_run_case (Conform *self, const ConformCase *this)
{
  g_autofree char *name = g_strdup_printf ("%s v%u %s: %s", self->setup.format->name,
                                           self->setup.version, this->id, this->title);
  const char *reason = conform_find_reason (self, this);
  g_autoptr (ConformRun) run = NULL;
  gboolean good;

  if (reason != NULL)
    {
      conform_report_skip (&self->report, name, reason);
      return;
    }
  run = conform_run_new (&self->setup, this);
  good = conform_run_go (run);
  if (good && conform_run_get_skip (run) != NULL)
    conform_report_skip (&self->report, name, conform_run_get_skip (run));
  else if (good)
    conform_report_ok (&self->report, name);
  else
    {
      conform_report_failure (&self->report, name, this, run);
      conform_count_gone (self, run);
    }
}

static void
conform_run_version (Conform *self, guint version)
{
  self->setup.version = version;
  for (guint i = 0; i < self->cases->len; i++)
    {
      const ConformCase *this = self->cases->pdata[i];

      if ((this->versions & (1 << version)) != 0
          && conform_case_has_format (this, self->setup.format) && conform_is_chosen (self, this))
        conform_run_case (self, this);
    }
}

/* --- what the other end can do --- */

/* Tries a connection that says little: NULL if the other end speaks the format, however well; else
 * what was wrong. Notes the greeting. */
static char *
conform_probe (Conform *self, const ConformFormat *format)
{
  g_autoptr (ConformCase) this = conform_case_new ("probe", "It can be spoken to", "Versions");
  g_autoptr (ConformRun) run = NULL;
  ImpMessage *greeting;

  self->setup.format = format;
  self->setup.version = format != NULL ? format->max_version : 2;
  if (self->setup.of_server)
    {
      conform_case_add_step (this, CONFORM_STEP_SEND, "{\"op\":\"get_interface\"}", NULL);
      conform_case_add_step (this, CONFORM_STEP_EXPECT, "{\"op\":\"interface\"}", NULL);
    }
  run = conform_run_new (&self->setup, this);
  g_clear_pointer (&self->greeting, imp_message_unref);
  conform_run_go (run);
  greeting = conform_run_get_theirs (run);
  if (greeting == NULL && conform_run_has_failed (run))
    return g_strdup (conform_run_get_failure (run));
  self->setup.format = conform_run_get_format (run);
  if (greeting != NULL && imp_message_get_version (greeting) >= 2)
    self->greeting = imp_message_ref (greeting);
  return NULL;
}

static void
conform_run_format (Conform *self, const ConformFormat *format)
{
  g_autofree char *wrong = conform_probe (self, format);
  g_autofree char *name = g_strdup_printf ("%s: the other end speaks this format",
                                           format != NULL ? format->name : "any");

  if (wrong != NULL && (self->codecs != NULL || format == NULL))
    conform_report_error (&self->report, name, wrong);
  else if (wrong != NULL)
    conform_report_skip (&self->report, name, wrong);
  if (wrong != NULL)
    return;
  conform_report_ok (&self->report, name);
  for (guint version = 1; version <= self->setup.format->max_version; version++)
    if (version == 1 || self->greeting != NULL)
      conform_run_version (self, version);
}

/* A server is tested in all formats that it takes, a provider in the one that it speaks. */
static gboolean
conform_run_formats (Conform *self, GError **error)
{
  guint before;

  for (guint i = 0; self->codecs != NULL && self->codecs[i] != NULL; i++)
    {
      const ConformFormat *format = conform_format_by_name (self->codecs[i], error);

      if (format == NULL)
        return FALSE;
      conform_run_format (self, format);
    }
  if (self->codecs != NULL)
    return TRUE;
  if (!self->setup.of_server)
    {
      conform_run_format (self, NULL);
      return TRUE;
    }
  for (gsize i = 0; conform_format_get (i) != NULL; i++)
    conform_run_format (self, conform_format_get (i));
  before = self->report.n_cases - self->report.n_skipped;
  if (before == 0)
    conform_report_error (&self->report, "any format", "the server takes none of them");
  return TRUE;
}

/* --- the command --- */

/* A provider's traffic goes on when all has been tested. */
static void
conform_serve (Conform *self)
{
  g_autoptr (ConformCase) this = conform_case_new ("serve", "All passes", "");

  conform_case_add_step (this, CONFORM_STEP_CALL, "serve", NULL);
  self->serves = TRUE;
  while (TRUE)
    {
      g_autoptr (ConformRun) run = conform_run_new (&self->setup, this);

      conform_run_go (run);
    }
}

static void
conform_stop (gpointer user_data)
{
  Conform *self = user_data;

  if (!self->serves)
    conform_bail_out (self, "it was told to end");
  g_clear_pointer (&self->setup.peer, conform_peer_free);
  exit (self->report.n_failed > 0 ? TOOL_FAILED : TOOL_DONE);
}

static gboolean
conform_parse (Conform *self, int *argc, char ***argv, int *status)
{
  g_autoptr (LimitOptions) limits = limit_options_new ();
  const GOptionEntry entries[] = {
    { "listen", 'l', 0, G_OPTION_ARG_STRING, &self->listen,
      "Test a provider that connects here, instead of a server", "ADDRESS" },
    { "codec", 'c', 0, G_OPTION_ARG_STRING_ARRAY, &self->codecs,
      "The wire format; can be given several times (default: all that a server takes)", "NAME" },
    { "only", 'o', 0, G_OPTION_ARG_STRING_ARRAY, &self->only,
      "Only cases with such an id, e.g. 'ids/*'; can be given several times", "PATTERN" },
    { "list", 0, 0, G_OPTION_ARG_NONE, &self->list, "List the cases", NULL },
    { "once", 0, 0, G_OPTION_ARG_NONE, &self->once,
      "With --listen: end after the last case, instead of serving until told to end", NULL },
    { "insecure", 0, 0, G_OPTION_ARG_NONE, &self->insecure,
      "With --listen: allow an address that other machines can reach", NULL },
    { "reference", 'r', 0, G_OPTION_ARG_NONE, &self->reference,
      "The server's module is the reference analyzer: run the cases that need it", NULL },
    { "perl", 0, 0, G_OPTION_ARG_NONE, &self->perl,
      "The other end is Perl's Net::IMP::Remote: skip what that is known to lack", NULL },
    { "tls-ca", 0, 0, G_OPTION_ARG_FILENAME, &self->tls.ca,
      "Those who vouch for the server (PEM; default: whom the system trusts)", "FILE" },
    { "tls-cert", 0, 0, G_OPTION_ARG_FILENAME, &self->tls.certificate,
      "The certificate of this side, if the server demands one (PEM)", "FILE" },
    { "tls-key", 0, 0, G_OPTION_ARG_FILENAME, &self->tls.key,
      "The key to it, if it is not in the same file", "FILE" },
    { "tls-name", 0, 0, G_OPTION_ARG_STRING, &self->tls.name,
      "What the server's certificate is for (default: the address's host)", "NAME" },
    G_OPTION_ENTRY_NULL,
  };
  const ToolOptions options = {
    .parameters = "[ADDRESS] - test another implementation",
    .summary = "Tests a server of analyzers, or with --listen a provider, against the\n"
               "specification of the protocol, and prints TAP. The exit status is 0 if all is as "
               "it\nshould be, and 1 if it is not.",
    .entries = entries,
    .limits = limits,
  };

  limit_options_add_rows (limits, conform_limits, G_N_ELEMENTS (conform_limits), self);
  limit_options_set_letter (limits, "timeout", 't');
  if (!tool_parse_options (&options, argc, argv, status))
    return FALSE;
  if (self->listen != NULL && *argc != 1)
    *status = tool_usage_error ("conform: \"%s\": with --listen there is no ADDRESS to connect to",
                                (*argv)[1]);
  else if (*argc > 2)
    *status = tool_usage_error ("conform: \"%s\" is one ADDRESS too many", (*argv)[2]);
  else if (self->listen == NULL && !self->list && *argc != 2)
    *status = tool_usage_error ("conform: exactly one ADDRESS is wanted, or --listen ADDRESS");
  else if (self->listen == NULL && self->once)
    *status = tool_usage_error ("conform: --once is for --listen ADDRESS");
  return *status == TOOL_DONE;
}

static int
conform_check_codecs (Conform *self)
{
  for (guint i = 0; self->codecs != NULL && self->codecs[i] != NULL; i++)
    {
      g_autoptr (GError) error = NULL;

      if (conform_format_by_name (self->codecs[i], &error) == NULL)
        return tool_usage_error ("--codec \"%s\": %s", self->codecs[i], error->message);
    }
  return TOOL_DONE;
}

/* Each pattern must be of something. */
static int
conform_check_only (Conform *self)
{
  for (guint i = 0; self->only != NULL && self->only[i] != NULL; i++)
    {
      guint k = 0;

      while (
        k < self->cases->len
        && !g_pattern_match_simple (self->only[i], ((ConformCase *) self->cases->pdata[k])->id))
        k++;
      if (k == self->cases->len)
        return tool_usage_error ("--only \"%s\": no case has such an id; --list shows them",
                                 self->only[i]);
    }
  return TOOL_DONE;
}

static int
conform_open (Conform *self)
{
  g_autoptr (GError) error = NULL;

  if (self->listen != NULL)
    self->setup.peer = conform_peer_new_provider (self->listen, self->insecure, &error);
  else
    self->setup.peer = conform_peer_new_server (self->address, &self->tls, &error);
  if (self->setup.peer != NULL)
    return TOOL_DONE;
  return self->listen != NULL ? tool_option_error ("--listen", self->listen, error)
                              : tool_option_error ("conform", self->address, error);
}

static int
conform_test (Conform *self)
{
  g_autoptr (GError) error = NULL;

  tool_watch_signals (conform_stop, self);
  if (self->setup.of_server
      && !conform_peer_check (self->setup.peer, g_get_monotonic_time () + self->setup.timeout,
                              &error))
    return tool_option_error ("conform", self->address, error);
  conform_report_begin (&self->report);
  conform_run_formats (self, &error);
  g_assert_no_error (error); /* the names were checked */
  conform_report_note (&self->report, "%u connections",
                       conform_peer_get_n_connections (self->setup.peer));
  conform_report_note (&self->report, "%u cases, %u failed, %u skipped", self->report.n_cases,
                       self->report.n_failed, self->report.n_skipped);
  conform_report_end (&self->report);
  if (self->listen != NULL && !self->once)
    conform_serve (self);
  return self->report.n_failed > 0 ? TOOL_FAILED : TOOL_DONE;
}

static int
conform_command_run (int argc, char **argv)
{
  g_auto (Conform) self = { NULL };
  g_autoptr (GError) error = NULL;
  int status = TOOL_DONE;

  if (!conform_parse (&self, &argc, &argv, &status))
    return status;
  self.address = argc > 1 ? argv[1] : NULL;
  self.cases = g_ptr_array_new_with_free_func ((GDestroyNotify) conform_case_free);
  self.setup.of_server = self.listen == NULL;
  self.setup.timeout = self.timeout * G_TIME_SPAN_SECOND;
  self.setup.find_special = conform_special_find;
  if (!conform_read_table (&self, &error))
    return tool_error ("conform: %s", error->message);
  status = conform_check_codecs (&self);
  if (status == TOOL_DONE)
    status = conform_check_only (&self);
  if (status != TOOL_DONE)
    return status;
  if (self.list)
    {
      conform_print_list (&self);
      return TOOL_DONE;
    }
  status = conform_open (&self);
  return status == TOOL_DONE ? conform_test (&self) : status;
}

const ToolCommand tool_conform = {
  .name = "conform",
  .summary = "test another implementation of the protocol",
  .run = conform_command_run,
};
