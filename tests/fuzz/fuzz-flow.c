/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The offset engine, driven by a script of bytes: the ledger holds after every step, a verdict
 * that is refused changes nothing, and what is forwarded is what was passed plus what was put in
 * the place of the rest. */
#include "fuzz.h"

#include "core/imp-data-type.h"
#include "core/imp-error.h"
#include "core/imp-flow-private.h"

typedef struct
{
  ImpFlowEventQueue queue;
  ImpFlow *flow;
  FuzzInput input;
  gint64 forwarded; /* bytes that came out */
  gint64 inserted;  /* bytes of replacements that were taken */
  gboolean dead;    /* the flow said that it cannot go on */
} Script;

typedef struct
{
  gint64 input, settled, held, passed, replaced, denied;
  gboolean promise, searching, is_passed, is_denied, ended;
} Snapshot;

static Snapshot
take_snapshot (const ImpFlow *flow)
{
  return (Snapshot){
    .input = imp_flow_get_input (flow),
    .settled = imp_flow_get_settled (flow),
    .held = imp_flow_get_held (flow),
    .passed = imp_flow_get_passed (flow),
    .replaced = imp_flow_get_replaced (flow),
    .denied = imp_flow_get_denied (flow),
    .promise = imp_flow_has_promise (flow),
    .searching = imp_flow_is_searching (flow),
    .is_passed = imp_flow_is_passed (flow),
    .is_denied = imp_flow_is_denied (flow),
    .ended = imp_flow_has_ended (flow),
  };
}

static void
assert_unchanged (const Snapshot *before, const ImpFlow *flow)
{
  Snapshot after = take_snapshot (flow);

  g_assert_cmpint (before->input, ==, after.input);
  g_assert_cmpint (before->settled, ==, after.settled);
  g_assert_cmpint (before->held, ==, after.held);
  g_assert_cmpint (before->passed, ==, after.passed);
  g_assert_cmpint (before->replaced, ==, after.replaced);
  g_assert_cmpint (before->denied, ==, after.denied);
  g_assert_cmpint (before->promise, ==, after.promise);
  g_assert_cmpint (before->searching, ==, after.searching);
  g_assert_cmpint (before->is_passed, ==, after.is_passed);
  g_assert_cmpint (before->is_denied, ==, after.is_denied);
  g_assert_cmpint (before->ended, ==, after.ended);
}

static void
drain (Script *script)
{
  ImpFlowEvent event;

  while (imp_flow_event_queue_pop (&script->queue, &event))
    {
      gsize length = g_bytes_get_size (event.bytes);

      if (event.kind == IMP_FLOW_EVENT_FORWARD)
        script->forwarded += length;
      else
        g_assert_cmpint (event.kind, ==, IMP_FLOW_EVENT_FEED);
      g_bytes_unref (event.bytes);
    }
}

static gboolean
push (Script *script, GError **error)
{
  static const gint32 types[] = {
    IMP_DATA_TYPE_STREAM, IMP_DATA_TYPE_STREAM, IMP_DATA_TYPE_PACKET, IMP_DATA_TYPE_ANY, -7, 7
  };
  gint32 type = types[fuzz_take (&script->input) % G_N_ELEMENTS (types)];
  gsize length;
  const guint8 *raw = fuzz_take_bytes (&script->input, 32, &length);
  g_autoptr (GBytes) bytes = g_bytes_new (raw, length);

  return imp_flow_push (script->flow, bytes, type, error);
}

static gboolean
replace (Script *script, GError **error)
{
  gint64 offset = fuzz_take_number (&script->input);
  gsize length;
  const guint8 *raw = fuzz_take_bytes (&script->input, 16, &length);
  const ImpView data = imp_view_of_data (raw, length);

  if (!imp_flow_replace (script->flow, offset, &data, error))
    return FALSE;
  script->inserted += length;
  return TRUE;
}

static gboolean
pass_pattern (Script *script, GError **error)
{
  g_autofree char *regex = fuzz_take_string (&script->input, 16);

  return imp_flow_pass_pattern (script->flow, regex, fuzz_take (&script->input), error);
}

static gboolean
step (Script *script, GError **error)
{
  FuzzInput *input = &script->input;
  gint64 offset;

  switch (fuzz_take (input) % 12)
    {
    case 0:
    case 1:
    case 2:
    case 3:
      return push (script, error);
    case 4:
    case 5:
      return imp_flow_pass (script->flow, fuzz_take_number (input), error);
    case 6:
      return imp_flow_prepass (script->flow, fuzz_take_number (input), error);
    case 7:
    case 8:
      return replace (script, error);
    case 9:
      offset = fuzz_take_number (input);
      return imp_flow_replace_later (script->flow, offset, fuzz_take_number (input), error);
    case 10:
      return pass_pattern (script, error);
    default:
      /* The first two rarely, since not much happens afterwards. */
      offset = fuzz_take (input);
      if (offset == 0)
        imp_flow_deny (script->flow);
      else if (offset == 1)
        return imp_flow_pass (script->flow, IMP_MAX_OFFSET, error);
      else if (offset < 128)
        return imp_flow_release (script->flow, error);
      return TRUE;
    }
}

static void
check (Script *script, const Snapshot *before, const GError *error)
{
  g_assert_true (imp_flow_is_balanced (script->flow));
  if (error == NULL)
    return;
  g_assert_true (g_utf8_validate (error->message, -1, NULL));
  if (g_error_matches (error, IMP_ERROR, IMP_ERROR_LIMIT))
    script->dead = TRUE;
  else
    assert_unchanged (before, script->flow);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize length)
{
  Script script = { .input = { data, length } };

  imp_flow_event_queue_init (&script.queue);
  script.flow = imp_flow_new (&script.queue, IMP_DIRECTION_FROM_CLIENT);
  while (script.input.left > 0 && !script.dead)
    {
      g_autoptr (GError) error = NULL;
      Snapshot before = take_snapshot (script.flow);
      gboolean ok = imp_flow_is_busy (script.flow) ? imp_flow_go_on (script.flow, &error)
                                                   : step (&script, &error);

      g_assert_cmpint (ok, ==, error == NULL);
      check (&script, &before, error);
      drain (&script);
      g_assert_cmpint (script.forwarded, ==, imp_flow_get_passed (script.flow) + script.inserted);
    }
  imp_flow_free (script.flow);
  imp_flow_event_queue_clear (&script.queue);
  return 0;
}
