/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/imp-fields-private.h"

#include "core/imp-clean-text-private.h"
#include "core/imp-error.h"
#include "core/imp-result-private.h"

/* Room for the head and the other fields beside a payload whose length has 32 bits. */
#define PAYLOAD_MAX (G_MAXUINT32 - 1024)

#define QUOTE_MAX 60 /* bytes */

static gboolean fields_set_error (GError **error, ImpError code, const char *format, ...)
  G_GNUC_PRINTF (3, 4);

static gboolean
fields_set_error (GError **error, ImpError code, const char *format, ...)
{
  va_list arguments;

  if (error == NULL)
    return FALSE;
  va_start (arguments, format);
  *error = g_error_new_valist (IMP_ERROR, code, format, arguments);
  va_end (arguments);
  return FALSE;
}

static void
fields_free_value (ImpFields *self, ImpField field)
{
  gpointer value = self->values[field].any;

  switch (imp_field_infos[field].kind)
    {
    case IMP_FIELD_KIND_TEXT:
    case IMP_FIELD_KIND_PATTERN:
      g_free (value);
      break;
    case IMP_FIELD_KIND_CONTEXT:
    case IMP_FIELD_KIND_DETAILS:
    case IMP_FIELD_KIND_LIMITS:
      imp_context_unref (value);
      break;
    case IMP_FIELD_KIND_TEXTS:
      g_strfreev (value);
      break;
    case IMP_FIELD_KIND_INTERFACES:
    case IMP_FIELD_KIND_INTERFACE:
      g_list_free_full (value, (GDestroyNotify) imp_interface_unref);
      break;
    case IMP_FIELD_KIND_DATA:
      g_clear_pointer (&value, g_bytes_unref);
      break;
    default: /* numbers */
      break;
    }
}

void
imp_fields_clear (ImpFields *self)
{
  for (guint64 left = self->owned; left != 0; left &= left - 1)
    fields_free_value (self, __builtin_ctzll (left));
  self->owned = self->seen = 0;
}

static inline gint64
fields_get_place (gconstpointer place, guint size)
{
  switch (size)
    {
    case sizeof (guint8):
      return *(const guint8 *) place;
    case sizeof (guint16):
      return *(const guint16 *) place;
    case sizeof (gint32):
      return *(const gint32 *) place;
    default:
      g_assert (size == sizeof (gint64));
      return *(const gint64 *) place;
    }
}

static inline void
fields_set_place (gpointer place, guint size, gint64 number)
{
  switch (size)
    {
    case sizeof (guint8):
      *(guint8 *) place = (guint8) number;
      break;
    case sizeof (guint16):
      *(guint16 *) place = (guint16) number;
      break;
    case sizeof (gint32):
      *(gint32 *) place = (gint32) number;
      break;
    default:
      g_assert (size == sizeof (gint64));
      *(gint64 *) place = number;
    }
}

static int
fields_compare_pairs (gconstpointer a, gconstpointer b)
{
  return strcmp (((const ImpContextPair *) a)->key, ((const ImpContextPair *) b)->key);
}

/* Details in one order, whatever that of the table: the same message is always the same bytes. */
static ImpContext *
fields_pack_details (GHashTable *details)
{
  g_autofree ImpContextPair *pairs = g_new (ImpContextPair, g_hash_table_size (details));
  ImpContextBuilder packed;
  GHashTableIter iter;
  gpointer key, value;
  guint n = 0;

  g_hash_table_iter_init (&iter, details);
  while (g_hash_table_iter_next (&iter, &key, &value))
    pairs[n++] = (ImpContextPair){ key, value, strlen (key), strlen (value) };
  qsort (pairs, n, sizeof *pairs, fields_compare_pairs);

  imp_context_builder_init (&packed);
  for (guint i = 0; i < n; i++)
    imp_context_builder_add (&packed, pairs[i].key, pairs[i].key_length, pairs[i].value,
                             pairs[i].value_length);
  return imp_context_builder_finish (&packed);
}

static void
fields_own (ImpFields *self, ImpField field, gpointer value)
{
  self->values[field].any = value;
  self->owned |= IMP_FIELD_BIT (field);
}

/* What is not borrowed as it is. */
static void
fields_adapt_value (ImpFields *self, ImpField field)
{
  ImpFieldValue *value = &self->values[field];

  switch (imp_field_infos[field].kind)
    {
    case IMP_FIELD_KIND_TEXT:
    case IMP_FIELD_KIND_PATTERN:
      /* A result's texts were made UTF-8 with it; a message on the stack may have any, such as
       * that of an error of a plugin. */
      if (value->text == NULL)
        value->text = (char *) "";
      else if (self->result == NULL && !g_utf8_validate (value->text, -1, NULL))
        fields_own (self, field, g_utf8_make_valid (value->text, -1));
      break;
    case IMP_FIELD_KIND_DETAILS:
      if (value->any != NULL)
        fields_own (self, field, fields_pack_details (value->any));
      break;
    case IMP_FIELD_KIND_DATA:
      if (value->data == NULL)
        fields_own (self, field, g_bytes_new_static (NULL, 0));
      break;
    default:
      break;
    }
}

static void
fields_load_record (ImpFields *self, const ImpMessageSchema *schema, const guint8 *record,
                    guint which, guint version)
{
  for (const guint8 *f = schema->fields; *f != IMP_FIELD_END; f++)
    {
      ImpField field = *f & ~IMP_FIELD_OPTIONAL;
      const ImpFieldInfo *info = &imp_field_infos[field];
      ImpFieldPlace place = info->places[which];

      if (info->version > version)
        continue;
      /* Such a field stands at the end, and most messages do without it. */
      if (*f == (IMP_FIELD_OVERLOAD | IMP_FIELD_OPTIONAL)
          && fields_get_place (record + place.offset, place.size) == info->fallback)
        continue;
      self->fields[self->n_fields++] = field;
      if (field == IMP_FIELD_RESULT)
        {
          self->values[field].number = self->result->number;
        }
      else if (IMP_FIELD_KIND_IS_NUMBER (info->kind))
        {
          self->values[field].number = fields_get_place (record + place.offset, place.size);
        }
      else
        {
          self->values[field].any = *(const gpointer *) (record + place.offset);
          fields_adapt_value (self, field);
        }
    }
}

static gboolean
fields_check_limits (ImpContext *limits, GError **error)
{
  gsize position = 0;
  const char *name, *value;

  while (imp_context_next (limits, &position, &name, &value))
    if (!g_ascii_string_to_unsigned (value, 10, 0, IMP_MAX_ID, NULL, NULL))
      return fields_set_error (error, IMP_ERROR_UNSUPPORTED,
                               "The limit \"%s\" is \"%s\", no number that a message can carry",
                               name, value);
  return TRUE;
}

/* Can any wire format carry the value? */
static gboolean
fields_check_value (ImpFields *self, ImpField field, GError **error)
{
  const ImpFieldInfo *info = &imp_field_infos[field];
  gint64 number = self->values[field].number;

  if (IMP_FIELD_KIND_IS_NUMBER (info->kind) && (number < info->minimum || number > info->maximum))
    return fields_set_error (error, IMP_ERROR_UNSUPPORTED,
                             "No message can carry a \"%s\" of %" G_GINT64_FORMAT, info->name,
                             number);
  if (info->kind == IMP_FIELD_KIND_DATA
      && g_bytes_get_size (self->values[field].data) > PAYLOAD_MAX)
    return fields_set_error (error, IMP_ERROR_UNSUPPORTED,
                             "No message can carry data of %" G_GSIZE_FORMAT " bytes",
                             g_bytes_get_size (self->values[field].data));
  return info->kind != IMP_FIELD_KIND_LIMITS
         || fields_check_limits (self->values[field].pairs, error);
}

void
imp_fields_load (ImpFields *self, const ImpMessage *message, guint version)
{
  self->op = imp_message_schema_of_op (message->op);
  g_assert (self->op != NULL);
  if (message->op == IMP_OP_RESULT)
    {
      g_assert (message->result != NULL);
      self->result = imp_message_schema_of_result (message->result->type);
      g_assert (self->result != NULL);
    }
  fields_load_record (self, self->op, (const guint8 *) message, IMP_RECORD_MESSAGE, version);
  if (self->result != NULL)
    fields_load_record (self, self->result, (const guint8 *) message->result, IMP_RECORD_RESULT,
                        version);
}

static const char *
fields_get_name (const ImpMessageSchema *schema)
{
  return schema->name != NULL ? schema->name : imp_result_type_to_string (schema->number);
}

static gboolean
fields_check_version (const ImpMessageSchema *schema, guint version, GError **error)
{
  return version >= schema->version
         || fields_set_error (error, IMP_ERROR_UNSUPPORTED,
                              "Version %u of the protocol has no \"%s\"", version,
                              fields_get_name (schema));
}

gboolean
imp_fields_from_message (ImpFields *self, const ImpMessage *message, guint version, GError **error)
{
  imp_fields_load (self, message, version);
  if (!fields_check_version (self->op, version, error)
      || (self->result != NULL && !fields_check_version (self->result, version, error)))
    return FALSE;
  for (guint i = 0; i < self->n_fields; i++)
    if (!fields_check_value (self, self->fields[i], error))
      return FALSE;
  return TRUE;
}

gboolean
imp_fields_set_op (ImpFields *self, gint64 op, guint version, GError **error)
{
  self->version = version;
  self->op = imp_message_schema_of_op (op);
  if (self->op == NULL)
    return fields_set_error (error, IMP_ERROR_UNSUPPORTED, "There is no op %" G_GINT64_FORMAT, op);
  return fields_check_version (self->op, version, error);
}

gboolean
imp_fields_set_number (ImpFields *self, ImpField field, gint64 number, GError **error)
{
  const ImpFieldInfo *info = &imp_field_infos[field];

  g_assert (IMP_FIELD_KIND_IS_NUMBER (info->kind));

  if (number < info->minimum || number > info->maximum)
    return fields_set_error (error, IMP_ERROR_PROTOCOL,
                             "\"%s\" is %" G_GINT64_FORMAT ", it must be from %" G_GINT64_FORMAT
                             " to %" G_GINT64_FORMAT,
                             info->name, number, info->minimum, info->maximum);
  self->values[field].number = number;
  self->seen |= IMP_FIELD_BIT (field);
  if (field != IMP_FIELD_RESULT)
    return TRUE;
  self->result = imp_message_schema_of_result (number);
  if (self->result == NULL)
    return fields_set_error (error, IMP_ERROR_UNSUPPORTED, "There is no result %" G_GINT64_FORMAT,
                             number);
  /* Where the op is not known yet, the wire format carries all of them. */
  return self->version == 0 || fields_check_version (self->result, self->version, error);
}

void
imp_fields_take (ImpFields *self, ImpField field, gpointer value)
{
  g_assert (!IMP_FIELD_KIND_IS_NUMBER (imp_field_infos[field].kind));

  if ((self->owned & IMP_FIELD_BIT (field)) != 0)
    fields_free_value (self, field);
  fields_own (self, field, value);
  self->seen |= IMP_FIELD_BIT (field);
}

static gboolean
fields_has (const ImpFields *self, ImpField field)
{
  return (self->seen & IMP_FIELD_BIT (field)) != 0;
}

static gint64
fields_get_number (const ImpFields *self, ImpField field)
{
  return fields_has (self, field) ? self->values[field].number : imp_field_infos[field].fallback;
}

/* Everything but a number, moved out of the fields. */
static gpointer
fields_steal (ImpFields *self, ImpField field)
{
  if ((self->owned & IMP_FIELD_BIT (field)) == 0)
    return NULL;
  self->owned &= ~IMP_FIELD_BIT (field);
  return g_steal_pointer (&self->values[field].any);
}

static gpointer
fields_steal_for_place (ImpFields *self, ImpField field)
{
  g_autoptr (ImpContext) details = NULL;
  char *text;

  switch (imp_field_infos[field].kind)
    {
    case IMP_FIELD_KIND_TEXT:
    case IMP_FIELD_KIND_PATTERN:
      text = fields_steal (self, field);
      return text != NULL ? text : g_strdup ("");
    case IMP_FIELD_KIND_DETAILS:
      details = fields_steal (self, field);
      return details != NULL ? imp_context_to_table (details) : NULL;
    default:
      return fields_steal (self, field);
    }
}

static gboolean
fields_store_record (ImpFields *self, const ImpMessageSchema *schema, guint8 *record, guint which,
                     GError **error)
{
  for (const guint8 *f = schema->fields; *f != IMP_FIELD_END; f++)
    {
      ImpField field = *f & ~IMP_FIELD_OPTIONAL;
      const ImpFieldInfo *info = &imp_field_infos[field];
      ImpFieldPlace place = info->places[which];

      if ((*f & IMP_FIELD_OPTIONAL) == 0 && !fields_has (self, field))
        return fields_set_error (error, IMP_ERROR_PROTOCOL, "\"%s\" lacks \"%s\"",
                                 fields_get_name (schema), info->name);
      if (field == IMP_FIELD_RESULT)
        continue; /* it is made with the result */
      if (IMP_FIELD_KIND_IS_NUMBER (info->kind))
        fields_set_place (record + place.offset, place.size, fields_get_number (self, field));
      else
        *(gpointer *) (record + place.offset) = fields_steal_for_place (self, field);
    }
  return TRUE;
}

/* The checks that concern more than one field. */
static gboolean
fields_check_together (const ImpFields *self, GError **error)
{
  ImpOp op = self->op->number;
  gint64 version = fields_get_number (self, IMP_FIELD_VERSION);
  gint64 minimum = fields_get_number (self, IMP_FIELD_MINIMUM);

  if (self->op->fields[0] == IMP_FIELD_ID && op != IMP_OP_EXCEPTION
      && fields_get_number (self, IMP_FIELD_ID) == 0)
    return fields_set_error (error, IMP_ERROR_PROTOCOL,
                             "\"id\" is 0, which only an exception can have");
  if ((op == IMP_OP_DATA || op == IMP_OP_SHARED_DATA)
      && fields_get_number (self, IMP_FIELD_TYPE) == IMP_DATA_TYPE_ANY)
    return fields_set_error (error, IMP_ERROR_PROTOCOL, "\"type\" is 0, which data cannot have");
  if (op == IMP_OP_SET_VERSION && minimum > version)
    return fields_set_error (error, IMP_ERROR_PROTOCOL,
                             "\"minimum\" is %" G_GINT64_FORMAT
                             ", more than \"version\", %" G_GINT64_FORMAT,
                             minimum, version);
  return TRUE;
}

static gboolean
fields_to_message (ImpFields *self, ImpMessage *message, GError **error)
{
  g_assert (self->op != NULL);

  message->op = self->op->number;
  if (!fields_store_record (self, self->op, (guint8 *) message, IMP_RECORD_MESSAGE, error)
      || !fields_check_together (self, error))
    return FALSE;
  if (message->op == IMP_OP_SET_VERSION && message->minimum == 0)
    message->minimum = message->version;
  if (message->op != IMP_OP_RESULT)
    return TRUE;
  message->result = imp_result_new_bare (self->result->number);
  return fields_store_record (self, self->result, (guint8 *) message->result, IMP_RECORD_RESULT,
                              error);
}

ImpDecodeStatus
imp_fields_finish (ImpFields *self, gboolean read, ImpMessage *message, GError **error)
{
  if (read && fields_to_message (self, message, error))
    return IMP_DECODE_DONE;
  message->op = self->op != NULL ? self->op->number : 0;
  message->id = fields_get_number (self, IMP_FIELD_ID);
  return IMP_DECODE_BAD;
}

gboolean
imp_fields_refuse_count (const char *what, guint max, GError **error)
{
  return fields_set_error (error, IMP_ERROR_LIMIT, "A message cannot have more than %u %s", max,
                           what);
}

gboolean
imp_fields_check_pairs (ImpContextBuilder *pairs, const ImpWireLimits *limits, GError **error)
{
  /* One byte more for each string, so that a multitude of empty ones is counted too. */
  if (imp_context_builder_size (pairs) + 2 * (gsize) pairs->n_pairs <= limits->max_context)
    return TRUE;
  return fields_set_error (error, IMP_ERROR_LIMIT,
                           "The keys and values of one map take more than %" G_GSIZE_FORMAT
                           " bytes (max-context)",
                           limits->max_context);
}

void
imp_interface_fields_add_result (ImpInterfaceFields *self, gint64 type)
{
  if (type > 0 && type <= G_MAXUINT16)
    self->results |= imp_result_type_to_flag ((ImpResultType) type);
}

/* An empty set in ImpResultFlags stands for no restriction, so a list that allows nothing that is
 * known here becomes FATAL alone, which is always allowed. */
gboolean
imp_interface_fields_finish (const ImpInterfaceFields *self, const char *wire, GQueue *interfaces,
                             GError **error)
{
  ImpResultFlags results = self->results;

  if (self->restricted && results == IMP_RESULT_FLAGS_ALL)
    results = IMP_RESULT_FLAGS_FATAL;
  if (self->type < G_MININT32 || self->type > G_MAXINT32)
    return imp_wire_bad (error, wire, "%" G_GINT64_FORMAT " is no type of data", self->type);
  if (interfaces->length == IMP_MAX_INTERFACES)
    return imp_fields_refuse_count ("interfaces", IMP_MAX_INTERFACES, error);
  g_queue_push_tail (interfaces, imp_interface_new ((gint32) self->type, results));
  return TRUE;
}

gboolean
imp_fields_take_interfaces (ImpFields *self, ImpField field, GQueue *interfaces, gboolean good)
{
  if (good)
    imp_fields_take (self, field, interfaces->head);
  else
    g_queue_clear_full (interfaces, (GDestroyNotify) imp_interface_unref);
  return good;
}

void
imp_fields_take_texts (ImpFields *self, ImpField field, GPtrArray *texts)
{
  if (texts->len == 0)
    return;
  g_ptr_array_add (texts, NULL);
  imp_fields_take (self, field, g_ptr_array_steal (texts, NULL));
}

static gint64
fields_look_up_level (const char *name)
{
  g_autoptr (GEnumClass) levels = g_type_class_ref (IMP_TYPE_LOG_LEVEL);
  GEnumValue *level = g_enum_get_value_by_nick (levels, name);

  return level != NULL ? level->value : 0;
}

gint64
imp_field_kind_look_up (ImpFieldKind kind, const char *name)
{
  switch (kind)
    {
    case IMP_FIELD_KIND_DATA_TYPE:
      return imp_data_type_from_name (name);
    case IMP_FIELD_KIND_RESULT_TYPE:
      return imp_result_type_from_string (name);
    case IMP_FIELD_KIND_LEVEL:
      return fields_look_up_level (name);
    default:
      return 0;
    }
}

gboolean
imp_wire_bad (GError **error, const char *wire, const char *format, ...)
{
  g_autofree char *text = NULL, *clean = NULL;
  va_list arguments;

  va_start (arguments, format);
  text = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  clean = imp_clean_line (text, IMP_CLEAN_TEXT_MAX);
  return fields_set_error (error, IMP_ERROR_PROTOCOL, "%s%s", wire, clean);
}

char *
imp_wire_quote (const char *text, gsize length)
{
  const gsize shown = MIN (length, QUOTE_MAX);

  return imp_clean_text (text, shown, length - shown);
}
