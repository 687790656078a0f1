/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "io-rig.h"

#include "test-streams.h"

#include <string.h>

#define TIMEOUT 20000 /* ms */

/* Takes all of them. */
static IORig *
io_rig_make (ImpAnalyzer *analyzer, GIOStream *ours, GIOStream *theirs, const char *property,
             guint value)
{
  IORig *self = g_new0 (IORig, 1);

  self->peer = test_peer_new (theirs);
  self->stream = property == NULL
                   ? imp_io_stream_new (ours, analyzer, IMP_DIRECTION_FROM_CLIENT)
                   : g_object_new (IMP_TYPE_IO_STREAM, "base-stream", ours, "analyzer", analyzer,
                                   "reads", IMP_DIRECTION_FROM_CLIENT, property, value, NULL);
  g_object_unref (ours);
  self->input = g_io_stream_get_input_stream (self->stream);
  self->output = g_io_stream_get_output_stream (self->stream);
  self->analyzer = analyzer;
  return self;
}

IORig *
io_rig_new_over (ImpAnalyzer *analyzer, GIOStream *ours, GIOStream *theirs)
{
  return io_rig_make (analyzer, ours, theirs, NULL, 0);
}

IORig *
io_rig_new_with (ImpAnalyzer *analyzer, const char *faults, const char *property, guint value)
{
  GIOStream *ours, *theirs;

  test_stream_pair (&ours, &theirs);
  if (faults != NULL)
    ours = test_stream_faulty (ours, faults);
  return io_rig_make (analyzer, ours, theirs, property, value);
}

IORig *
io_rig_new (ImpAnalyzer *analyzer, const char *faults)
{
  return io_rig_new_with (analyzer, faults, NULL, 0);
}

/* Nobody is left who has a reference. */
void
io_rig_free (IORig *self)
{
  g_assert_finalize_object (self->stream);
  g_assert_finalize_object (self->analyzer);
  test_peer_free (self->peer);
  g_free (self);
}

void
io_rig_peer_says (IORig *self, const char *text)
{
  test_peer_send (self->peer, text, strlen (text));
}

void
io_rig_peer_ends (IORig *self)
{
  self->peer->ends = TRUE;
  test_peer_update (self->peer);
}

typedef struct
{
  TestPeer *peer;
  gsize length;
} Awaited;

static gboolean
has_heard (gpointer data)
{
  Awaited *awaited = data;

  return awaited->peer->n_received >= awaited->length || awaited->peer->got_end;
}

void
io_rig_peer_hears (IORig *self, const char *text)
{
  Awaited awaited = { self->peer, strlen (text) };

  g_assert_true (test_run_until (has_heard, &awaited, TIMEOUT));
  test_peer_assert_received (self->peer, text, strlen (text));
}

void
io_rig_peer_waits_for_end (IORig *self)
{
  g_assert_true (test_run_until (test_peer_got_end, self->peer, TIMEOUT));
}

void
io_rig_write (IORig *self, const char *text)
{
  g_autoptr (GError) error = NULL;
  gsize written;

  g_output_stream_write_all (self->output, text, strlen (text), &written, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (written, ==, strlen (text));
}

void
io_rig_read (IORig *self, const char *text)
{
  g_autofree char *buffer = g_malloc (strlen (text));
  g_autoptr (GError) error = NULL;
  gsize n;

  g_input_stream_read_all (self->input, buffer, strlen (text), &n, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpmem (buffer, n, text, strlen (text));
}

void
io_rig_read_end (IORig *self)
{
  g_autoptr (GError) error = NULL;
  char buffer[16];
  gssize n = g_input_stream_read (self->input, buffer, sizeof buffer, NULL, &error);

  g_assert_no_error (error);
  g_assert_cmpint (n, ==, 0);
}

void
io_rig_fails_to_read (IORig *self, GQuark domain, int code)
{
  g_autoptr (GError) error = NULL;
  char buffer[16];
  gssize n = g_input_stream_read (self->input, buffer, sizeof buffer, NULL, &error);

  g_assert_error (error, domain, code);
  g_assert_cmpint (n, ==, -1);
}

void
io_rig_fails_to_write (IORig *self, GQuark domain, int code)
{
  g_autoptr (GError) error = NULL;
  gssize n = g_output_stream_write (self->output, "late", 4, NULL, &error);

  g_assert_error (error, domain, code);
  g_assert_cmpint (n, ==, -1);
}

void
io_rig_fails_to_close (IORig *self, GQuark domain, int code)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (g_io_stream_close (self->stream, NULL, &error));
  g_assert_error (error, domain, code);
  g_assert_true (g_io_stream_is_closed (self->stream));
}

void
io_rig_close (IORig *self)
{
  g_autoptr (GError) error = NULL;

  g_io_stream_close (self->stream, NULL, &error);
  g_assert_no_error (error);
  g_assert_true (g_io_stream_is_closed (self->stream));
}
