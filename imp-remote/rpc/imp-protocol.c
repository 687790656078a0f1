/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rpc/imp-protocol-private.h"

#include "core/imp-error.h"

static void
protocol_add_limit (ImpContextBuilder *builder, const char *name, gsize value)
{
  char text[32];

  g_snprintf (text, sizeof text, "%" G_GSIZE_FORMAT, value);
  imp_context_builder_add (builder, name, strlen (name), text, strlen (text));
}

void
imp_protocol_fill_version (ImpMessage *message, const ImpWireLimits *limits,
                           const char *const *features)
{
  ImpContextBuilder builder;

  imp_context_builder_init (&builder);
  protocol_add_limit (&builder, "max-message", limits->max_message);
  protocol_add_limit (&builder, "max-context", limits->max_context);

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

gint64
imp_protocol_get_concerned (const ImpMessage *message)
{
  const ImpMessageSchema *schema = imp_message_schema_of_op (message->op);

  if (schema == NULL || (schema->sender & IMP_SENDER_PROVIDER) == 0
      || schema->fields[0] != IMP_FIELD_ID)
    return 0;
  return message->id;
}

void
imp_protocol_free_interfaces (gpointer list)
{
  g_list_free_full (list, (GDestroyNotify) imp_interface_unref);
}
