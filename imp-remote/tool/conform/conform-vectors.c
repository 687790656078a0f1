/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tool/conform/conform-vectors.h"

#include "tool/conform/conform-op.h"

#include <string.h>

#define FOLDER "/imp-remote/conform/"

typedef struct
{
  gboolean of_server;
  GPtrArray *cases;
  const char *format; /* of which the file is */
} VectorReader;

static const char *
vectors_get (JsonObject *vector, const char *name)
{
  return json_object_get_string_member_with_default (vector, name, NULL);
}

/* "an id of 0" -> "an-id-of-0" */
static char *
vectors_make_id (const char *kind, const char *name, guint spelling)
{
  g_autofree char *words = g_strdelimit (g_strdup (name), " ", '-');

  return spelling > 0 ? g_strdup_printf ("vectors/%s/%s/%u", kind, words, spelling + 1)
                      : g_strdup_printf ("vectors/%s/%s", kind, words);
}

static void
vectors_set_format (ConformCase *this, const char *format)
{
  g_ptr_array_set_size (this->formats, 0);
  for (gsize i = 0; conform_format_get (i) != NULL; i++)
    if (g_str_equal (conform_format_get (i)->name, format))
      g_ptr_array_add (this->formats, (gpointer) conform_format_get (i));
}

static gboolean
vectors_is_for_perl (const VectorReader *reader)
{
  return !g_str_equal (reader->format, "json") && !g_str_equal (reader->format, "cbor");
}

static ConformCase *
vectors_add_case (VectorReader *reader, const char *kind, const char *name, guint spelling)
{
  g_autofree char *id = vectors_make_id (kind, name, spelling);
  ConformCase *this = conform_case_new (id, name, "Cases");

  vectors_set_format (this, reader->format);
  this->versions = vectors_is_for_perl (reader) ? 1 << 1 : 1 << 2;
  g_ptr_array_add (reader->cases, this);
  return this;
}

/* A line lacks its end; other formats are hexadecimal. NULL with an error. */
static GBytes *
vectors_get_bytes (const char *line, const char *hex, gboolean is_line, GError **error)
{
  g_autoptr (GByteArray) bytes = NULL;

  if (line != NULL)
    {
      bytes = g_byte_array_new ();
      g_byte_array_append (bytes, (const guint8 *) line, strlen (line));
    }
  else
    bytes = conform_bytes_parse (hex != NULL ? hex : "?", error);
  if (bytes == NULL)
    return NULL;
  if (is_line)
    g_byte_array_append (bytes, (const guint8 *) "\n", 1);
  return g_byte_array_free_to_bytes (g_steal_pointer (&bytes));
}

/* --- what must be refused --- */

/* A client hears what was wrong, and the connection goes on where it can; a server does not. */
static gboolean
vectors_read_bad (VectorReader *reader, JsonObject *vector, GError **error)
{
  gboolean goes_on = json_object_get_boolean_member_with_default (vector, "goes_on", FALSE);
  gboolean is_limit = g_strcmp0 (vectors_get (vector, "error"), "limit") == 0;
  GBytes *bytes = vectors_get_bytes (vectors_get (vector, "line"), vectors_get (vector, "hex"),
                                     g_str_equal (reader->format, "json"), error);
  ConformCase *this;

  if (bytes == NULL)
    return FALSE;
  this = vectors_add_case (reader, "bad", vectors_get (vector, "name"), 0);
  this->needs = is_limit ? CONFORM_NEED_DEFAULTS : 0;
  this->perl = g_strdup ("Net::IMP::Remote does not check what it reads");
  /* A server may have to recognize the format first. */
  if (vectors_is_for_perl (reader) && reader->of_server)
    {
      conform_case_add_step (this, CONFORM_STEP_SEND, "{\"op\":\"get_interface\"}", NULL);
      conform_case_add_step (this, CONFORM_STEP_EXPECT, "{\"op\":\"interface\"}", NULL);
    }
  conform_case_add_step (this, CONFORM_STEP_BYTES, NULL, bytes);
  if (!goes_on || !reader->of_server)
    {
      conform_case_add_step (this, CONFORM_STEP_END, "", NULL);
      return TRUE;
    }
  conform_case_add_step (this, CONFORM_STEP_EXPECT, "{\"op\":\"exception\"}", NULL);
  conform_case_add_step (this, CONFORM_STEP_SYNC, "", NULL);
  return TRUE;
}

/* --- what must be read --- */

static void
vectors_expect (ConformCase *this, const char *format, gint64 number)
{
  g_auto (GStrv) parts = g_strsplit (format, "%", 2);
  g_autofree char *pattern = g_strdup_printf ("%s%" G_GINT64_FORMAT "%s", parts[0], number,
                                              parts[1]);

  conform_case_add_step (this, CONFORM_STEP_EXPECT, pattern, NULL);
}

/* What a server answers, by which it shows that it has understood. */
static void
vectors_add_answer (ConformCase *this, ImpMessage *message)
{
  switch (imp_message_get_op (message))
    {
    case IMP_OP_GET_INTERFACE:
      conform_case_add_step (this, CONFORM_STEP_EXPECT, "{\"op\":\"interface\"}", NULL);
      break;
    case IMP_OP_SET_INTERFACE: /* which nobody needs to support */
      conform_case_add_step (this, CONFORM_STEP_MAY, "{\"op\":\"exception\",\"id\":0}", NULL);
      break;
    case IMP_OP_NEW_ANALYZER: /* the id is in use now */
      vectors_expect (this, "{\"op\":\"new_analyzer\",\"id\":%}", imp_message_get_id (message));
      ((ConformStep *) this->steps->pdata[this->steps->len - 1])->kind = CONFORM_STEP_SEND;
      vectors_expect (this, "{\"op\":\"exception\",\"id\":%}", imp_message_get_id (message));
      break;
    case IMP_OP_DATA: /* nobody has that id */
      vectors_expect (this, "{\"op\":\"exception\",\"id\":%}", imp_message_get_id (message));
      break;
    case IMP_OP_PING:
      vectors_expect (this, "{\"op\":\"pong\",\"token\":%}", imp_message_get_token (message));
      break;
    case IMP_OP_GET_STATUS:
      this->needs |= CONFORM_NEED_STATUS;
      vectors_expect (this, "{\"op\":\"status\",\"token\":%}", imp_message_get_token (message));
      conform_case_add_step (this, CONFORM_STEP_MAY, "{\"op\":\"status\"}", NULL);
      break;
    default:
      break;
    }
}

/* Whether it may be said to the end that is tested, without a question or memory before it. */
static gboolean
vectors_is_welcome (const VectorReader *reader, ImpMessage *message)
{
  switch (imp_message_get_op (message))
    {
    case IMP_OP_SHARE:
    case IMP_OP_SHARED_DATA:
    case IMP_OP_RELEASE:
    case IMP_OP_STATUS:
    case IMP_OP_INTERFACE:
      return FALSE;
    case IMP_OP_EXCEPTION: /* of the whole connection */
      return FALSE;
    default:
      return conform_op_may_send (imp_message_get_op (message), !reader->of_server);
    }
}

static void
vectors_add_spelling (VectorReader *reader, const char *name, ImpMessage *message, GBytes *bytes,
                      guint spelling)
{
  ConformCase *this = vectors_add_case (reader, "good", name, spelling);
  gboolean welcome = vectors_is_welcome (reader, message);

  if (imp_message_get_op (message) == IMP_OP_SET_VERSION)
    {
      this->bare = TRUE;
      this->versions = 1 << imp_message_get_version (message);
    }
  if (!welcome)
    this->perl = g_strdup ("Net::IMP::Remote need not notice what is not for it");
  else if (imp_message_get_op (message) == IMP_OP_DATA
           || imp_message_get_op (message) == IMP_OP_NEW_ANALYZER)
    this->perl = g_strdup ("Net::IMP::Remote does not answer a wrong id");
  conform_case_add_step (this, CONFORM_STEP_BYTES, NULL, g_bytes_ref (bytes));
  ((ConformStep *) this->steps->pdata[0])->text = conform_message_to_json (message);
  if (welcome && (reader->of_server || imp_message_get_op (message) == IMP_OP_PING))
    vectors_add_answer (this, message);
  /* A provider that makes no new analyzers closes once it has none left. */
  if (!reader->of_server && imp_message_get_op (message) == IMP_OP_GOODBYE)
    welcome = FALSE;
  conform_case_add_step (this, welcome ? CONFORM_STEP_SYNC : CONFORM_STEP_END, "", NULL);
}

/* A provider's analyzers have ids of their own, so that what speaks of one is written anew. */
static void
vectors_add_for_id (VectorReader *reader, const char *name, ImpMessage *message)
{
  ConformCase *this = vectors_add_case (reader, "good", name, 0);
  g_autofree char *json = conform_message_to_json (message);
  g_autofree char *id = g_strdup_printf ("\"id\":%" G_GINT64_FORMAT, imp_message_get_id (message));
  GString *text = g_string_new (json);

  g_string_replace (text, id, "\"id\":$id", 1);
  conform_case_add_step (this, CONFORM_STEP_NEW, "", NULL);
  conform_case_add_step (this, CONFORM_STEP_FED, "", NULL);
  conform_case_add_step (this, CONFORM_STEP_SEND, text->str, NULL);
  conform_case_add_step (this, CONFORM_STEP_SYNC, "", NULL);
  g_string_free (text, TRUE);
}

static gboolean
vectors_has_id_of_provider (const VectorReader *reader, ImpMessage *message)
{
  return !reader->of_server
         && (imp_message_get_op (message) == IMP_OP_RESULT
             || (imp_message_get_op (message) == IMP_OP_EXCEPTION
                 && imp_message_get_id (message) > 0));
}

static gboolean
vectors_add_text (VectorReader *reader, const char *name, ImpMessage *message, const char *text,
                  guint spelling, GError **error)
{
  gboolean is_line = g_str_equal (reader->format, "json");
  g_autoptr (GBytes) bytes = vectors_get_bytes (is_line ? text : NULL, text, is_line, error);

  if (bytes == NULL)
    return FALSE;
  /* A client of the formats for Perl says no version. */
  if (reader->of_server && vectors_is_for_perl (reader)
      && imp_message_get_op (message) == IMP_OP_SET_VERSION)
    return TRUE;
  if (!vectors_has_id_of_provider (reader, message))
    vectors_add_spelling (reader, name, message, bytes, spelling);
  else if (spelling == 0)
    vectors_add_for_id (reader, name, message);
  return TRUE;
}

/* What it means stands in the vector as json. */
static ImpMessage *
vectors_parse_message (JsonObject *vector, GError **error)
{
  JsonNode *node = json_object_get_member (vector, "json");
  g_autofree char *json = NULL;

  if (node != NULL && JSON_NODE_HOLDS_OBJECT (node))
    json = json_to_string (node, FALSE);
  else
    json = g_strdup (vectors_get (vector, "json"));
  return conform_message_parse (json != NULL ? json : "", error);
}

static gboolean
vectors_read_good (VectorReader *reader, JsonObject *vector, GError **error)
{
  const char *name = vectors_get (vector, "name");
  const char *member = vectors_is_for_perl (reader) ? "hex" : reader->format;
  g_autofree char *also_name = g_strconcat (member, "_also", NULL);
  JsonArray *also = json_object_has_member (vector, also_name)
                      ? json_object_get_array_member (vector, also_name)
                      : NULL;
  g_autoptr (ImpMessage) message = vectors_parse_message (vector, error);

  if (message == NULL
      || !vectors_add_text (reader, name, message, vectors_get (vector, member), 0, error))
    return FALSE;
  for (guint i = 0; also != NULL && i < json_array_get_length (also); i++)
    if (!vectors_add_text (reader, name, message, json_array_get_string_element (also, i), i + 1,
                           error))
      return FALSE;
  return TRUE;
}

/* --- files --- */

static const struct
{
  const char *path;
  const char *format;
  gboolean (*read) (VectorReader *reader, JsonObject *vector, GError **error);
} vector_files[] = {
  { "messages.json", "json", vectors_read_good },
  { "messages.json", "cbor", vectors_read_good },
  { "storable/messages.json", "storable", vectors_read_good },
  { "sereal/messages.json", "sereal", vectors_read_good },
  { "bad-json.json", "json", vectors_read_bad },
  { "bad-cbor.json", "cbor", vectors_read_bad },
  { "storable/refused.json", "storable", vectors_read_bad },
  { "sereal/refused.json", "sereal", vectors_read_bad },
};

static JsonArray *
vectors_load (JsonParser *parser, const char *path, GError **error)
{
  g_autofree char *resource = g_strconcat (FOLDER, path, NULL);
  g_autoptr (GBytes) bytes = g_resources_lookup_data (resource, 0, error);

  if (bytes == NULL
      || !json_parser_load_from_data (parser, g_bytes_get_data (bytes, NULL),
                                      g_bytes_get_size (bytes), error))
    return NULL;
  return json_object_get_array_member (json_node_get_object (json_parser_get_root (parser)),
                                       "cases");
}

static gboolean
vectors_read_file (VectorReader *reader, gsize file, GError **error)
{
  g_autoptr (JsonParser) parser = json_parser_new ();
  JsonArray *vectors;

  reader->format = vector_files[file].format;
  /* A build without the codecs for Perl peers cannot speak to them. */
  if (conform_format_by_name (reader->format, NULL) == NULL)
    return TRUE;
  vectors = vectors_load (parser, vector_files[file].path, error);
  for (guint i = 0; vectors != NULL && i < json_array_get_length (vectors); i++)
    if (!vector_files[file].read (reader, json_array_get_object_element (vectors, i), error))
      return FALSE;
  return vectors != NULL;
}

gboolean
conform_vectors_read (gboolean of_server, GPtrArray *cases, GError **error)
{
  VectorReader reader = { .of_server = of_server, .cases = cases };

  for (gsize i = 0; i < G_N_ELEMENTS (vector_files); i++)
    if (!vectors_read_file (&reader, i, error))
      {
        g_prefix_error (error, "%s: ", vector_files[i].path);
        return FALSE;
      }
  return TRUE;
}
