/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "analyzers/imp-http-analyzer-private.h"

#define MAX_HEAD_DEFAULT (64 * 1024)
#define MAX_LINE_DEFAULT (16 * 1024)
#define MAX_FIELDS_DEFAULT 200
#define MAX_BODY_DEFAULT (1024 * 1024)
#define MAX_PIPELINE_DEFAULT 100

/**
 * ImpHttpAnalyzer:
 *
 * Reads HTTP/1.0 and 1.1 and lets a subclass judge and change requests and responses, without
 * counting an offset.
 *
 * [vfunc@Imp.HttpAnalyzer.request_head] is called with each request and
 * [vfunc@Imp.HttpAnalyzer.response_head] with each final response; both get heads
 * ([class@Imp.HttpHead]) that they may change in place. They also say what becomes of the body:
 * nothing, so that it passes unseen and costs nothing, or one of [enum@Imp.HttpBody]. A request may
 * be answered instead of the server ([method@Imp.HttpAnalyzer.answer]). A subclass that implements
 * nothing has a connection on which nothing but clean HTTP goes; so does this class.
 *
 * It knows which response belongs to which request, also where requests do not wait for responses,
 * and which of them have no body; chunks and trailers; 1xx; bodies that end with the stream. Where
 * the connection becomes something else, after 101 and a successful CONNECT, all that follows
 * passes in both directions, and [vfunc@Imp.HttpAnalyzer.opaque] is called. What comes behind a
 * request that may do this waits for its response.
 *
 * What two programs could understand in different ways is refused (DENY), or put right where
 * [property@Imp.HttpAnalyzer:strict] is %IMP_HTTP_STRICT_NORMALIZE and RFC 9112 says how: see [the
 * page on HTTP](http.html). With [property@Imp.HttpAnalyzer:explain] the client hears of it. After
 * a request that is the last one of its connection, whatever comes from the client is dropped. A
 * response that nobody has asked for is refused.
 *
 * What comes out does not depend on how the streams are cut into chunks. Only the pieces of
 * %IMP_HTTP_BODY_WATCH and %IMP_HTTP_BODY_STREAM, and the chunks that the latter makes of them, are
 * as they come.
 *
 * Since: 0.2
 */
G_DEFINE_TYPE_WITH_CODE (ImpHttpAnalyzer, imp_http_analyzer, IMP_TYPE_ANALYZER,
                         ImpHttpAnalyzer_private_offset = g_type_add_instance_private (
                           g_define_type_id, sizeof (ImpHttpConversation)))

/* clang-format off */
G_DEFINE_ENUM_TYPE (ImpHttpStrict, imp_http_strict,
                    G_DEFINE_ENUM_VALUE (IMP_HTTP_STRICT_REFUSE, "refuse"),
                    G_DEFINE_ENUM_VALUE (IMP_HTTP_STRICT_NORMALIZE, "normalize"))
G_DEFINE_ENUM_TYPE (ImpHttpBody, imp_http_body,
                    G_DEFINE_ENUM_VALUE (IMP_HTTP_BODY_PASS, "pass"),
                    G_DEFINE_ENUM_VALUE (IMP_HTTP_BODY_WATCH, "watch"),
                    G_DEFINE_ENUM_VALUE (IMP_HTTP_BODY_STREAM, "stream"),
                    G_DEFINE_ENUM_VALUE (IMP_HTTP_BODY_WHOLE, "whole"))
G_DEFINE_ENUM_TYPE (ImpHttpLarge, imp_http_large,
                    G_DEFINE_ENUM_VALUE (IMP_HTTP_LARGE_DENY, "deny"),
                    G_DEFINE_ENUM_VALUE (IMP_HTTP_LARGE_PASS, "pass"))
/* clang-format on */

typedef enum
{
  PROP_STRICT = 1,
  PROP_EXPLAIN,
  PROP_MAX_HEAD_SIZE,
  PROP_MAX_LINE,
  PROP_MAX_FIELDS,
  PROP_MAX_BODY,
  PROP_ON_LARGE_BODY,
  PROP_MAX_PIPELINE,
} HttpAnalyzerProperty;

static GParamSpec *properties[PROP_MAX_PIPELINE + 1];

#define CONVERSATION(self) ((ImpHttpConversation *) imp_http_analyzer_get_instance_private (self))

ImpHttpConversation *
imp_http_analyzer_get_conversation (ImpHttpAnalyzer *self)
{
  return CONVERSATION (self);
}

static gboolean
imp_http_analyzer_data (ImpAnalyzer *analyzer, ImpDirection direction, GBytes *bytes, gint64 offset,
                        gint32 type, GError **error)
{
  ImpHttpConversation *conversation = CONVERSATION (IMP_HTTP_ANALYZER (analyzer));
  const ImpInput input = { bytes, offset, type, direction };

  if (conversation->closed || conversation->sides[direction].resting)
    return TRUE;
  imp_input_queue_push (&conversation->sides[direction].queue, &input);
  return conversation->working || imp_http_conversation_work (conversation, error);
}

static void
imp_http_analyzer_close (ImpAnalyzer *analyzer)
{
  imp_http_conversation_stop (CONVERSATION (IMP_HTTP_ANALYZER (analyzer)));
}

/* ---- properties ---- */

static guint *
http_analyzer_peek_number (ImpHttpConversation *self, HttpAnalyzerProperty property)
{
  switch (property)
    {
    case PROP_MAX_HEAD_SIZE:
      return &self->rules.max_head;
    case PROP_MAX_LINE:
      return &self->rules.max_line;
    case PROP_MAX_FIELDS:
      return &self->rules.max_fields;
    case PROP_MAX_BODY:
      return &self->max_body;
    case PROP_MAX_PIPELINE:
      return &self->max_pipeline;
    case PROP_STRICT:
    case PROP_EXPLAIN:
    case PROP_ON_LARGE_BODY:
    default:
      return NULL;
    }
}

static void
http_analyzer_set (GObject *object, GParamSpec *pspec, guint *setting, guint value)
{
  if (*setting == value)
    return;
  *setting = value;
  g_object_notify_by_pspec (object, pspec);
}

static void
imp_http_analyzer_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  ImpHttpConversation *self = CONVERSATION (IMP_HTTP_ANALYZER (object));
  guint *number = http_analyzer_peek_number (self, id);

  if (number != NULL)
    http_analyzer_set (object, pspec, number, g_value_get_uint (value));
  else if (id == PROP_STRICT)
    http_analyzer_set (object, pspec, &self->rules.strict, g_value_get_enum (value));
  else if (id == PROP_ON_LARGE_BODY)
    http_analyzer_set (object, pspec, &self->on_large, g_value_get_enum (value));
  else if (id == PROP_EXPLAIN)
    http_analyzer_set (object, pspec, &self->explains, g_value_get_boolean (value));
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
imp_http_analyzer_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  ImpHttpConversation *self = CONVERSATION (IMP_HTTP_ANALYZER (object));
  const guint *number = http_analyzer_peek_number (self, id);

  if (number != NULL)
    g_value_set_uint (value, *number);
  else if (id == PROP_STRICT)
    g_value_set_enum (value, self->rules.strict);
  else if (id == PROP_ON_LARGE_BODY)
    g_value_set_enum (value, self->on_large);
  else if (id == PROP_EXPLAIN)
    g_value_set_boolean (value, self->explains);
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
imp_http_analyzer_finalize (GObject *object)
{
  imp_http_conversation_clear (CONVERSATION (IMP_HTTP_ANALYZER (object)));
  G_OBJECT_CLASS (imp_http_analyzer_parent_class)->finalize (object);
}

#define PROP_FLAGS (G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS)

static void
http_analyzer_class_install_behavior (void)
{
  /**
   * ImpHttpAnalyzer:strict: (attributes org.gtk.Property.default=IMP_HTTP_STRICT_REFUSE)
   *
   * What becomes of a message that is not as RFC 9112 has it.
   *
   * Since: 0.2
   */
  properties[PROP_STRICT] = g_param_spec_enum (
    "strict", NULL, "what becomes of messages that are not as RFC 9112 has them",
    IMP_TYPE_HTTP_STRICT, IMP_HTTP_STRICT_REFUSE, PROP_FLAGS);

  /**
   * ImpHttpAnalyzer:explain: (attributes org.gtk.Property.default=TRUE)
   *
   * Whether the client gets a short response that says why, before the connection is refused, where
   * no other response stands before it.
   *
   * Since: 0.2
   */
  properties[PROP_EXPLAIN] = g_param_spec_boolean (
    "explain", NULL, "whether clients get a response that says why they are refused", TRUE,
    PROP_FLAGS);

  /**
   * ImpHttpAnalyzer:on-large-body: (attributes org.gtk.Property.default=IMP_HTTP_LARGE_DENY)
   *
   * What becomes of a body that is to be held as a whole and is longer than
   * [property@Imp.HttpAnalyzer:max-body].
   *
   * Since: 0.2
   */
  properties[PROP_ON_LARGE_BODY] = g_param_spec_enum (
    "on-large-body", NULL, "what becomes of bodies that are longer than max-body",
    IMP_TYPE_HTTP_LARGE, IMP_HTTP_LARGE_DENY, PROP_FLAGS);
}

static void
http_analyzer_class_install_limits (void)
{
  /**
   * ImpHttpAnalyzer:max-head-size: (attributes org.gtk.Property.default=65536)
   *
   * The greatest length of a head, in bytes, its empty line included; and that of trailers.
   *
   * Since: 0.2
   */
  properties[PROP_MAX_HEAD_SIZE] = g_param_spec_uint ("max-head-size", NULL,
                                                      "the greatest length of a head, in bytes", 64,
                                                      G_MAXINT32 / 2, MAX_HEAD_DEFAULT, PROP_FLAGS);

  /**
   * ImpHttpAnalyzer:max-line: (attributes org.gtk.Property.default=16384)
   *
   * The greatest length of a line in a head, or before a chunk, in bytes, its end included.
   *
   * Since: 0.2
   */
  properties[PROP_MAX_LINE] = g_param_spec_uint (
    "max-line", NULL, "the greatest length of a line in a head, or before a chunk, in bytes", 32,
    G_MAXINT32 / 2, MAX_LINE_DEFAULT, PROP_FLAGS);

  /**
   * ImpHttpAnalyzer:max-fields: (attributes org.gtk.Property.default=200)
   *
   * How many fields a head may have.
   *
   * Since: 0.2
   */
  properties[PROP_MAX_FIELDS] = g_param_spec_uint ("max-fields", NULL,
                                                   "how many fields a head may have", 1, 100000,
                                                   MAX_FIELDS_DEFAULT, PROP_FLAGS);

  /**
   * ImpHttpAnalyzer:max-body: (attributes org.gtk.Property.default=1048576)
   *
   * The greatest length of a body that is held as a whole, in bytes.
   *
   * Since: 0.2
   */
  properties[PROP_MAX_BODY] = g_param_spec_uint (
    "max-body", NULL, "the greatest length of a body that is held as a whole, in bytes", 1,
    G_MAXINT32 / 2, MAX_BODY_DEFAULT, PROP_FLAGS);

  /**
   * ImpHttpAnalyzer:max-pipeline: (attributes org.gtk.Property.default=100)
   *
   * How many requests may wait for their response. With one more the connection is refused.
   *
   * Since: 0.2
   */
  properties[PROP_MAX_PIPELINE]
    = g_param_spec_uint ("max-pipeline", NULL, "how many requests may wait for their response", 1,
                         100000, MAX_PIPELINE_DEFAULT, PROP_FLAGS);
}

static void
imp_http_analyzer_class_init (ImpHttpAnalyzerClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->set_property = imp_http_analyzer_set_property;
  object_class->get_property = imp_http_analyzer_get_property;
  object_class->finalize = imp_http_analyzer_finalize;
  IMP_ANALYZER_CLASS (klass)->data = imp_http_analyzer_data;
  IMP_ANALYZER_CLASS (klass)->wants_stable_input = TRUE;
  IMP_ANALYZER_CLASS (klass)->close = imp_http_analyzer_close;
  http_analyzer_class_install_behavior ();
  http_analyzer_class_install_limits ();
  g_object_class_install_properties (object_class, G_N_ELEMENTS (properties), properties);
}

static void
imp_http_analyzer_init (ImpHttpAnalyzer *self)
{
  ImpHttpConversation *conversation = CONVERSATION (self);

  imp_http_conversation_init (conversation, IMP_ANALYZER (self));
  conversation->rules.max_head = MAX_HEAD_DEFAULT;
  conversation->rules.max_line = MAX_LINE_DEFAULT;
  conversation->rules.max_fields = MAX_FIELDS_DEFAULT;
  conversation->max_body = MAX_BODY_DEFAULT;
  conversation->max_pipeline = MAX_PIPELINE_DEFAULT;
  conversation->explains = TRUE;
}
