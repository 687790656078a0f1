/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "analyzers/imp-http-headers-factory-private.h"

#include "analyzers/imp-http-analyzer.h"
#include "core/imp-error.h"

#include <string.h>

typedef enum
{
  PROP_SET_REQUEST = 1,
  PROP_SET_RESPONSE,
  PROP_REMOVE_REQUEST,
  PROP_REMOVE_RESPONSE,
  PROP_STRICT,
} HttpHeadersProperty;

#define N_TEXTS PROP_REMOVE_RESPONSE

typedef struct
{
  ImpFactory parent_instance;
  char **texts[N_TEXTS]; /* by property: what stands between "|"; NULL: nothing */
  ImpHttpStrict strict;
} ImpHttpHeadersFactory;

typedef ImpFactoryClass ImpHttpHeadersFactoryClass;

G_DEFINE_FINAL_TYPE (ImpHttpHeadersFactory, imp_http_headers_factory, IMP_TYPE_FACTORY)

static char **
http_headers_peek (ImpHttpHeadersFactory *self, guint property)
{
  return self->texts[property - 1];
}

/* ---- what is done to a head ---- */

static gboolean
http_headers_set (ImpHttpHead *head, const char *line, GError **error)
{
  const char *colon = strchr (line, ':');
  g_autofree char *name = NULL;

  if (colon == NULL)
    {
      g_set_error (error, IMP_ERROR, IMP_ERROR_SETTINGS, "\"%s\" is not like \"Name: value\"",
                   line);
      return FALSE;
    }
  name = g_strstrip (g_strndup (line, colon - line));
  return imp_http_head_set_field (head, name, colon + 1, error);
}

static gboolean
http_headers_remove (ImpHttpHead *head, const char *name, GError **error)
{
  g_autofree char *clean = g_strstrip (g_strdup (name));

  return imp_http_head_remove_field (head, clean, error);
}

/* Does what one of the properties says. */
static gboolean
http_headers_apply (ImpHttpHeadersFactory *self, HttpHeadersProperty property, ImpHttpHead *head,
                    GError **error)
{
  char **texts = http_headers_peek (self, property);

  for (guint i = 0; texts != NULL && texts[i] != NULL; i++)
    if (property <= PROP_SET_RESPONSE ? !http_headers_set (head, texts[i], error)
                                      : !http_headers_remove (head, texts[i], error))
      return FALSE;
  return TRUE;
}

/* ---- the analyzer ---- */

typedef struct
{
  ImpHttpAnalyzer parent_instance;
  ImpHttpHeadersFactory *factory;
} ImpHttpHeaders;

typedef ImpHttpAnalyzerClass ImpHttpHeadersClass;

GType imp_http_headers_get_type (void);
G_DEFINE_FINAL_TYPE (ImpHttpHeaders, imp_http_headers, IMP_TYPE_HTTP_ANALYZER)

static gboolean
imp_http_headers_request_head (ImpHttpAnalyzer *analyzer, ImpHttpHead *request, GError **error)
{
  ImpHttpHeadersFactory *factory = ((ImpHttpHeaders *) analyzer)->factory;

  return http_headers_apply (factory, PROP_REMOVE_REQUEST, request, error)
         && http_headers_apply (factory, PROP_SET_REQUEST, request, error);
}

static gboolean
imp_http_headers_response_head (ImpHttpAnalyzer *analyzer, ImpHttpHead *request,
                                ImpHttpHead *response, GError **error)
{
  ImpHttpHeadersFactory *factory = ((ImpHttpHeaders *) analyzer)->factory;

  return http_headers_apply (factory, PROP_REMOVE_RESPONSE, response, error)
         && http_headers_apply (factory, PROP_SET_RESPONSE, response, error);
}

static void
imp_http_headers_finalize (GObject *object)
{
  g_clear_object (&((ImpHttpHeaders *) object)->factory);
  G_OBJECT_CLASS (imp_http_headers_parent_class)->finalize (object);
}

static void
imp_http_headers_class_init (ImpHttpHeadersClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = imp_http_headers_finalize;
  klass->request_head = imp_http_headers_request_head;
  klass->response_head = imp_http_headers_response_head;
}

static void
imp_http_headers_init (ImpHttpHeaders *self)
{
}

/* ---- the factory ---- */

static ImpAnalyzer *
imp_http_headers_factory_create_analyzer (ImpFactory *factory, GHashTable *context, GError **error)
{
  ImpHttpHeadersFactory *self = (ImpHttpHeadersFactory *) factory;
  ImpHttpHeaders *analyzer = g_object_new (imp_http_headers_get_type (), "strict", self->strict,
                                           NULL);

  analyzer->factory = g_object_ref (self);
  return IMP_ANALYZER (analyzer);
}

static GList *
imp_http_headers_factory_list_interfaces (ImpFactory *factory)
{
  return g_list_prepend (NULL, imp_interface_new (IMP_DATA_TYPE_STREAM,
                                                  IMP_RESULT_FLAGS_PASS | IMP_RESULT_FLAGS_REPLACE
                                                    | IMP_RESULT_FLAGS_TO_SENDER
                                                    | IMP_RESULT_FLAGS_DENY));
}

static void
imp_http_headers_factory_validate (ImpFactory *factory, GPtrArray *errors)
{
  static const char *const names[] = { "set-request", "set-response", "remove-request",
                                       "remove-response" };

  for (guint i = 0; i < N_TEXTS; i++)
    {
      g_autoptr (ImpHttpHead) head = imp_http_head_new_response (200, NULL);
      g_autoptr (GError) error = NULL;

      if (!http_headers_apply ((ImpHttpHeadersFactory *) factory, i + 1, head, &error))
        g_ptr_array_add (errors, g_strdup_printf ("%s: %s", names[i], error->message));
    }
}

static void
imp_http_headers_factory_set_property (GObject *object, guint id, const GValue *value,
                                       GParamSpec *pspec)
{
  ImpHttpHeadersFactory *self = (ImpHttpHeadersFactory *) object;

  if (id == PROP_STRICT)
    self->strict = g_value_get_enum (value);
  else if (g_value_get_string (value) != NULL)
    self->texts[id - 1] = g_strsplit (g_value_get_string (value), "|", -1);
}

static void
imp_http_headers_factory_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  ImpHttpHeadersFactory *self = (ImpHttpHeadersFactory *) object;

  if (id == PROP_STRICT)
    g_value_set_enum (value, self->strict);
  else if (http_headers_peek (self, id) != NULL)
    g_value_take_string (value, g_strjoinv ("|", http_headers_peek (self, id)));
}

static void
imp_http_headers_factory_finalize (GObject *object)
{
  ImpHttpHeadersFactory *self = (ImpHttpHeadersFactory *) object;

  for (guint i = 0; i < N_TEXTS; i++)
    g_strfreev (self->texts[i]);
  G_OBJECT_CLASS (imp_http_headers_factory_parent_class)->finalize (object);
}

#define PROP_FLAGS (G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS)

static void
imp_http_headers_factory_class_init (ImpHttpHeadersFactoryClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GParamSpec *properties[PROP_STRICT + 1] = { NULL };

  object_class->set_property = imp_http_headers_factory_set_property;
  object_class->get_property = imp_http_headers_factory_get_property;
  object_class->finalize = imp_http_headers_factory_finalize;
  klass->create_analyzer = imp_http_headers_factory_create_analyzer;
  klass->list_interfaces = imp_http_headers_factory_list_interfaces;
  klass->validate = imp_http_headers_factory_validate;
  properties[PROP_SET_REQUEST] = g_param_spec_string (
    "set-request", NULL, "fields that each request has then, such as \"A: b|C: d\"", NULL,
    PROP_FLAGS);
  properties[PROP_SET_RESPONSE] = g_param_spec_string (
    "set-response", NULL, "fields that each response has then, such as \"A: b|C: d\"", NULL,
    PROP_FLAGS);
  properties[PROP_REMOVE_REQUEST] = g_param_spec_string (
    "remove-request", NULL, "names of fields that are removed from requests, such as \"A|C\"", NULL,
    PROP_FLAGS);
  properties[PROP_REMOVE_RESPONSE] = g_param_spec_string (
    "remove-response", NULL, "names of fields that are removed from responses, such as \"A|C\"",
    NULL, PROP_FLAGS);
  properties[PROP_STRICT] = g_param_spec_enum (
    "strict", NULL, "what becomes of messages that are not as RFC 9112 has them",
    IMP_TYPE_HTTP_STRICT, IMP_HTTP_STRICT_REFUSE, PROP_FLAGS);
  g_object_class_install_properties (object_class, G_N_ELEMENTS (properties), properties);
}

static void
imp_http_headers_factory_init (ImpHttpHeadersFactory *self)
{
}
