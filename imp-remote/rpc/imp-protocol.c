/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rpc/imp-protocol-private.h"

#include "core/imp-clean-text-private.h"
#include "core/imp-error.h"

/* Bytes of a name or a reason in a status that are told. */
#define STATUS_TEXT_MAX 512

static void
protocol_add_limit (ImpContextBuilder *builder, const char *name, gsize value)
{
  char text[32];

  g_snprintf (text, sizeof text, "%" G_GSIZE_FORMAT, value);
  imp_context_builder_add (builder, name, strlen (name), text, strlen (text));
}

void
imp_protocol_fill_version (ImpMessage *message, const ImpWireLimits *limits,
                           gsize max_shared_memory, const char *const *features)
{
  ImpContextBuilder builder;

  imp_context_builder_init (&builder);
  protocol_add_limit (&builder, "max-message", limits->max_message);
  protocol_add_limit (&builder, "max-context", limits->max_context);
  if (max_shared_memory > 0)
    protocol_add_limit (&builder, IMP_PROTOCOL_MAX_SHARED_MEMORY, max_shared_memory);

  message->op = IMP_OP_SET_VERSION;
  message->version = IMP_PROTOCOL_VERSION;
  message->minimum = IMP_PROTOCOL_MINIMUM;
  message->limits = imp_context_builder_finish (&builder);
  message->features = g_strdupv ((char **) features);
}

guint
imp_protocol_negotiate (const ImpMessage *theirs, guint max_version, GError **error)
{
  guint their_minimum = theirs->minimum != 0 ? theirs->minimum : theirs->version;
  guint version = MIN (theirs->version, MIN (max_version, IMP_PROTOCOL_VERSION));

  if (version >= MAX (their_minimum, IMP_PROTOCOL_MINIMUM))
    return version;
  g_set_error (error, IMP_ERROR, IMP_ERROR_VERSION,
               "The peer speaks versions %u to %u of the protocol, this end %u to %u",
               their_minimum, theirs->version, IMP_PROTOCOL_MINIMUM,
               MIN (max_version, IMP_PROTOCOL_VERSION));
  return 0;
}

gsize
imp_protocol_get_limit (const ImpMessage *theirs, const char *name, gsize otherwise)
{
  const char *text = imp_context_lookup (theirs->limits, name);
  guint64 value;

  if (text == NULL || !g_ascii_string_to_unsigned (text, 10, 1, G_MAXSIZE, &value, NULL))
    return otherwise;
  return (gsize) value;
}

gsize
imp_protocol_get_max_message (const ImpMessage *theirs, gsize otherwise, const char *who,
                              GError **error)
{
  gsize max_message = imp_protocol_get_limit (theirs, "max-message", otherwise);

  if (max_message >= IMP_PROTOCOL_LEAST_MESSAGE)
    return max_message;
  g_set_error (error, IMP_ERROR, IMP_ERROR_LIMIT,
               "%s takes messages of %" G_GSIZE_FORMAT
               " bytes at most (max-message), and less than %d is of no use",
               who, max_message, IMP_PROTOCOL_LEAST_MESSAGE);
  return 0;
}

gboolean
imp_protocol_has_feature (const ImpMessage *theirs, const char *name)
{
  return theirs->features != NULL && g_strv_contains ((const char *const *) theirs->features, name);
}

gint64
imp_protocol_get_concerned (const ImpMessage *message)
{
  const ImpMessageSchema *schema = imp_message_schema_of_op (message->op);

  if (schema == NULL || (schema->sender & IMP_SENDER_PROVIDER) == 0
      || schema->fields[0] != IMP_FIELD_ID)
    return 0;
  return message->id;
}

static void
protocol_add_text (ImpContextBuilder *builder, const char *key, const char *value)
{
  g_autofree char *clean = imp_clean_line (value, STATUS_TEXT_MAX);

  imp_context_builder_add (builder, key, strlen (key), clean, strlen (clean));
}

static void
protocol_add_time (ImpContextBuilder *builder, const char *key, gint64 milliseconds)
{
  char text[32];

  if (milliseconds < 0)
    return;
  g_snprintf (text, sizeof text, "%" G_GINT64_FORMAT, milliseconds);
  imp_context_builder_add (builder, key, strlen (key), text, strlen (text));
}

static GEnumValue *
protocol_find_state (ImpFactoryState state, const char *nick)
{
  g_autoptr (GEnumClass) states = g_type_class_ref (IMP_TYPE_FACTORY_STATE);

  return nick != NULL ? g_enum_get_value_by_nick (states, nick) : g_enum_get_value (states, state);
}

ImpContext *
imp_protocol_pack_status (ImpFactoryStatus *status)
{
  const char *reason = imp_factory_status_get_reason (status);
  ImpContextBuilder builder;

  imp_context_builder_init (&builder);
  protocol_add_text (&builder, "name", imp_factory_status_get_name (status));
  protocol_add_text (&builder, "state",
                     protocol_find_state (imp_factory_status_get_state (status), NULL)->value_nick);
  if (reason != NULL)
    protocol_add_text (&builder, "reason", reason);
  protocol_add_time (&builder, "since", imp_factory_status_get_since (status));
  protocol_add_time (&builder, "retry", imp_factory_status_get_retry (status));
  return imp_context_builder_finish (&builder);
}

static char *
protocol_look_up_text (ImpContext *pairs, const char *key)
{
  const char *text = imp_context_lookup (pairs, key);

  return text != NULL ? imp_clean_line (text, STATUS_TEXT_MAX) : NULL;
}

static gint64
protocol_look_up_time (ImpContext *pairs, const char *key)
{
  const char *text = imp_context_lookup (pairs, key);
  guint64 value;

  if (text == NULL || !g_ascii_string_to_unsigned (text, 10, 0, IMP_MAX_ID, &value, NULL))
    return -1;
  return (gint64) value;
}

ImpFactoryStatus *
imp_protocol_unpack_status (ImpContext *pairs)
{
  g_autofree char *name = protocol_look_up_text (pairs, "name");
  g_autofree char *nick = protocol_look_up_text (pairs, "state");
  g_autofree char *reason = protocol_look_up_text (pairs, "reason");
  GEnumValue *state = protocol_find_state (0, nick != NULL ? nick : "");

  if (state == NULL)
    {
      g_free (reason);
      reason = g_strdup_printf ("its state is \"%s\", which is not known here",
                                nick != NULL ? nick : "");
    }
  return imp_factory_status_new (name != NULL ? name : "",
                                 state != NULL ? (ImpFactoryState) state->value
                                               : IMP_FACTORY_STATE_UNUSABLE,
                                 reason, protocol_look_up_time (pairs, "since"),
                                 protocol_look_up_time (pairs, "retry"));
}

void
imp_protocol_free_interfaces (gpointer list)
{
  g_list_free_full (list, (GDestroyNotify) imp_interface_unref);
}

char *
imp_protocol_dup_exception (const ImpMessage *message)
{
  return imp_clean_line (message->text != NULL ? message->text : "an exception without a message",
                         IMP_CLEAN_TEXT_MAX);
}

/* Kinds of records of TLS, and the first byte of their version. */
#define TLS_ALERT 0x15
#define TLS_HANDSHAKE 0x16
#define TLS_VERSION 0x03

gboolean
imp_protocol_check_plain (const guint8 *data, gsize length, GError **error)
{
  if (length < 2 || (data[0] != TLS_HANDSHAKE && data[0] != TLS_ALERT) || data[1] != TLS_VERSION)
    return TRUE;
  g_set_error_literal (error, IMP_ERROR, IMP_ERROR_SETTINGS,
                       "what came is TLS, and this end of the connection is without: either both "
                       "ends have \"tls://\" before the address, or none of them");
  return FALSE;
}
